-- Writes down what is said of a hypothesis, once of each sort.
-- ARGV: 2 id 3 sort: decisions, tests 4 what
if redis.call('HEXISTS', P .. 'hypotheses', ARGV[2]) == 0 then return {'unknown'} end
if redis.call('HSETNX', P .. 'hypotheses:' .. ARGV[3], ARGV[2], ARGV[4]) == 0 then return {'late'} end
return {'recorded'}
