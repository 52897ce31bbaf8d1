-- Jobs of a kind are taken again.
-- ARGV: 2 kind
local changed = redis.call('SREM', P .. 'paused', ARGV[2])
redis.call('HDEL', P .. 'paused_at', ARGV[2])
if changed == 1 then redis.call('PUBLISH', P .. 'control', '') end
return {changed}
