-- Ends a token; whether it was in force.
-- ARGV: 2 id
local ends = redis.call('ZSCORE', P .. 'tokens:end', ARGV[2])
redis.call('ZREM', P .. 'tokens:end', ARGV[2])
redis.call('HDEL', P .. 'tokens', ARGV[2])
return {ends and tonumber(ends) > now and 1 or 0}
