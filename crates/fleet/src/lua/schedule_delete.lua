-- Removes a schedule. Its records stay.
-- ARGV: 2 name
redis.call('SREM', P .. 'schedules', ARGV[2])
return {redis.call('DEL', P .. 'schedule:' .. ARGV[2])}
