-- A worker says that it is here. It is forgotten when it does not repeat that in time.
-- ARGV: 2 boot 3 for how long, ms 4 worker
local key = P .. 'worker:' .. ARGV[2]
redis.call('HSET', key, 'worker', ARGV[4], 'seen_at_ms', now)
redis.call('PEXPIRE', key, ARGV[3])
redis.call('ZADD', P .. 'workers', now, ARGV[2])
return {'announced'}
