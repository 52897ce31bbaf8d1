-- Remembers a cycle, once.
-- ARGV: 2 cycle 3 campaign 4 lesson
if redis.call('HSETNX', P .. 'lessons', ARGV[2], ARGV[4]) == 1 then
  redis.call('RPUSH', P .. 'lessons:all', ARGV[2])
  redis.call('RPUSH', P .. 'lessons:of:' .. ARGV[3], ARGV[2])
end
return {'remembered'}
