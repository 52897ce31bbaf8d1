-- A stretch of the hypotheses, read from the end of their list, which only grows there. Beside each one what was decided and
-- what became of its test, '' for nothing.
-- ARGV: 2 the list of ids 3 up to this position, '' for the end 4 how many
local upto = ARGV[3] == '' and redis.call('LLEN', P .. ARGV[2]) or tonumber(ARGV[3])
local from = math.max(upto - tonumber(ARGV[4]), 0)
if from == upto then return {from, {}, {}, {}} end
local ids = redis.call('LRANGE', P .. ARGV[2], from, upto - 1)
local function of(hash)
  local found = {}
  for i, entry in ipairs(redis.call('HMGET', P .. hash, unpack(ids))) do found[i] = entry or '' end
  return found
end
return {from, of('hypotheses'), of('hypotheses:decisions'), of('hypotheses:tests')}
