-- Takes the lead over schedules, or keeps it: its term, and what time it is.
-- ARGV: 2 boot 3 for how long, ms
local key = P .. 'schedules:leader'
local boot, fence, ends = unpack(redis.call('HMGET', key, 'boot', 'fence', 'until_ms'))
local is_led = ends and tonumber(ends) > now
if is_led and boot ~= ARGV[2] then return {'other', boot} end
fence = tonumber(fence or 0)
if not is_led then fence = fence + 1 end
redis.call('HSET', key, 'boot', ARGV[2], 'fence', fence, 'until_ms', string.format('%.0f', now + tonumber(ARGV[3])))
return {'leads', fence, now_text}
