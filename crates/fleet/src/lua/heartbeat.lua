-- A worker says that it is here, and hears what operators ask. It is no longer shown when it does not say so again in
-- time; what it was asked is kept for longer, should it only have been cut off.
-- ARGV: 2 boot 3 for how long, ms 4 how long its orders are kept after that, ms 5 worker
local boot, ttl_ms, kept_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key = P .. 'worker:' .. boot
redis.call('HSET', key, 'worker', ARGV[5], 'seen_at_ms', now, 'until_ms', now + ttl_ms)
redis.call('PEXPIRE', key, ttl_ms + kept_ms)
redis.call('ZADD', P .. 'workers', now, boot)
-- Those whose keys are gone by now.
redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', now - ttl_ms - kept_ms)
return {redis.call('HEXISTS', key, 'drain'), redis.call('SMEMBERS', P .. 'paused')}
