-- Counts a look at data, once per operation.
-- ARGV: 2 operation 3 campaign 4 look 5 what it shows, '' where nothing can show the same
--       6 1: not where another operation shows the same
if redis.call('HEXISTS', P .. 'trials', ARGV[2]) == 0 then
  if ARGV[5] ~= '' and redis.call('HSETNX', P .. 'looks:shown', ARGV[5], ARGV[2]) == 0 and ARGV[6] == '1' then
    return {'repeats', redis.call('HGET', P .. 'looks:shown', ARGV[5])}
  end
  redis.call('HSET', P .. 'trials', ARGV[2], ARGV[4])
  redis.call('RPUSH', P .. 'trials:all', ARGV[2])
  redis.call('RPUSH', P .. 'trials:of:' .. ARGV[3], ARGV[2])
end
-- Sorts into their instruments' lists what is in none yet: this look, and those that older programs counted by file.
local sorted = tonumber(redis.call('GET', P .. 'looks:sorted') or 0)
local unsorted = redis.call('LRANGE', P .. 'trials:all', sorted, -1)
for _, operation in ipairs(unsorted) do
  local look = cjson.decode(redis.call('HGET', P .. 'trials', operation))
  if look.origin ~= 'replay' then redis.call('RPUSH', P .. 'looks:of:' .. look.symbol, operation) end
end
redis.call('SET', P .. 'looks:sorted', sorted + #unsorted)
return {'counted'}
