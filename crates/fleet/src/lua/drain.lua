-- Asks a worker to end, if it is here.
-- ARGV: 2 boot
local key = P .. 'worker:' .. ARGV[2]
local until_ms = redis.call('HGET', key, 'until_ms')
if not until_ms or tonumber(until_ms) <= now then return {0} end
redis.call('HSET', key, 'drain', 1)
redis.call('PUBLISH', P .. 'control', '')
return {1}
