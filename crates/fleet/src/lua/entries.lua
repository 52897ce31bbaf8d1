-- A stretch of the ledger, read from its end: lists only grow there, so that positions mean the same in the next call. Beside
-- each entry what it was concluded with, '' for nothing; and how long the list is.
-- ARGV: 2 what: trials, lessons, candidates, closings 3 the list of names 4 up to this position, '' for the end 5 how many
--       6 but for so many at that end
local total = redis.call('LLEN', P .. ARGV[3])
local upto = math.max((ARGV[4] == '' and total or math.min(tonumber(ARGV[4]), total)) - tonumber(ARGV[6]), 0)
local from = math.max(upto - tonumber(ARGV[5]), 0)
if from == upto then return {from, {}, {}, total} end
local names = redis.call('LRANGE', P .. ARGV[3], from, upto - 1)
local entries, concluded = redis.call('HMGET', P .. ARGV[2], unpack(names)), {}
for i, conclusion in ipairs(redis.call('HMGET', P .. 'conclusions', unpack(names))) do concluded[i] = conclusion or '' end
return {from, entries, concluded, total}
