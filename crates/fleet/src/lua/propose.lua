-- Writes down a hypothesis, once.
-- ARGV: 2 id 3 campaign 4 hypothesis
if redis.call('HSETNX', P .. 'hypotheses', ARGV[2], ARGV[4]) == 1 then
  redis.call('RPUSH', P .. 'hypotheses:all', ARGV[2])
  redis.call('RPUSH', P .. 'hypotheses:of:' .. ARGV[3], ARGV[2])
end
return {'proposed'}
