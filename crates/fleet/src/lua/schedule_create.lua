-- Makes a schedule. Its ticks are those after now. Saying the same twice changes nothing.
-- ARGV: 2 name 3 plan 4 most schedules
local key = P .. 'schedule:' .. ARGV[2]
local plan = redis.call('HGET', key, 'plan')
if plan then return {plan == ARGV[3] and 'created' or 'taken'} end
if redis.call('SCARD', P .. 'schedules') >= tonumber(ARGV[4]) then return {'too_many'} end
redis.call('SADD', P .. 'schedules', ARGV[2])
redis.call('HSET', key, 'plan', ARGV[3], 'created_at_ms', now_text, 'decided_upto_ms', now_text, 'revision', 0)
return {'created'}
