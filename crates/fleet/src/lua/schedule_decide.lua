-- Writes down what becomes of ticks, for who leads and has read the schedule as it stands.
-- ARGV: 2 boot 3 fence 4 schedule 5 revision 6 decided up to, then of each record: time, open, moves, record
local boot, fence, ends = unpack(redis.call('HMGET', P .. 'schedules:leader', 'boot', 'fence', 'until_ms'))
if boot ~= ARGV[2] or fence ~= ARGV[3] or tonumber(ends) <= now then return {'not_leading'} end
local key = P .. 'schedule:' .. ARGV[4]
if redis.call('HGET', key, 'revision') ~= ARGV[5] then return {'stale'} end
redis.call('HSET', key, 'decided_upto_ms', ARGV[6])
redis.call('HINCRBY', key, 'revision', 1)
for i = 7, #ARGV, 4 do write(ARGV[4], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
return {'recorded'}
