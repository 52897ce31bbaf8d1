-- Counts a trial, once per operation, and says what is known then.
-- ARGV: 2 operation 3 campaign 4 hash of the data 5 start and 6 end of the span 7 daily Sharpe ratio or '' 8 trial
--       9 '1' for a replay, which is no trial
local operation, campaign, data, first, last = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local sharpes, starts, ends = P .. 'sharpes:' .. campaign, P .. 'looks:' .. data .. ':starts', P .. 'looks:' .. data .. ':ends'
if redis.call('HSETNX', P .. 'trials', operation, ARGV[8]) == 1 then
  redis.call('RPUSH', P .. 'trials:all', operation)
  redis.call('RPUSH', P .. 'trials:of:' .. campaign, operation)
  if ARGV[9] ~= '1' then
    redis.call('RPUSH', sharpes, ARGV[7])
    redis.call('ZADD', starts, first, operation)
    redis.call('ZADD', ends, last, operation)
  end
end
-- Spans that overlap this one: all but those that begin at its end or later, and those that end by its start.
local looks = redis.call('ZCARD', starts) - redis.call('ZCOUNT', starts, last, '+inf') - redis.call('ZCOUNT', ends, '-inf', first)
return {redis.call('LLEN', sharpes), looks, redis.call('LRANGE', sharpes, 0, -1)}
