-- Entries of the audit log up to a number, oldest first: the number of the first, `at action` of each, and its outcome or ''.
-- ARGV: 2 before this number, '' for the end 3 how many
local upto = redis.call('LLEN', P .. 'audit')
if ARGV[2] ~= '' then upto = math.min(upto, tonumber(ARGV[2]) - 1) end
local from = math.max(upto - tonumber(ARGV[3]), 0)
if from >= upto then return {from + 1, {}, {}} end
local names, outcomes = {}, {}
for number = from + 1, upto do names[#names + 1] = number end
for i, outcome in ipairs(redis.call('HMGET', P .. 'audit:outcomes', unpack(names))) do outcomes[i] = outcome or '' end
return {from + 1, redis.call('LRANGE', P .. 'audit', from, upto - 1), outcomes}
