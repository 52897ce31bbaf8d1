-- Pauses a schedule, or ends its pause.
-- ARGV: 2 name 3 pause, '' to end it
local key = P .. 'schedule:' .. ARGV[2]
if redis.call('EXISTS', key) == 0 then return {'missing'} end
local is_paused = redis.call('HEXISTS', key, 'paused') == 1
if is_paused == (ARGV[3] ~= '') then return {'before'} end
if is_paused then redis.call('HDEL', key, 'paused', 'paused_at_ms')
else redis.call('HSET', key, 'paused', ARGV[3], 'paused_at_ms', now_text) end
redis.call('HINCRBY', key, 'revision', 1)
return {'done'}
