-- From now on nobody takes jobs of a kind.
-- ARGV: 2 kind
local changed = redis.call('SADD', P .. 'paused', ARGV[2])
if changed == 1 then redis.call('HSET', P .. 'paused_at', ARGV[2], now) end
if changed == 1 then redis.call('PUBLISH', P .. 'control', '') end
return {changed}
