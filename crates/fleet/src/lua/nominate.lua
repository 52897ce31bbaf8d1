-- Writes down a candidate, once for its exam.
-- ARGV: 2 exam 3 campaign 4 candidate
if redis.call('HSETNX', P .. 'candidates', ARGV[2], ARGV[4]) == 1 then
  redis.call('RPUSH', P .. 'candidates:of:' .. ARGV[3], ARGV[2])
end
return {'nominated'}
