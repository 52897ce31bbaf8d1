-- Writes down what a counted look showed, once.
-- ARGV: 2 operation 3 conclusion
if redis.call('HEXISTS', P .. 'trials', ARGV[2]) == 0 then return {'unknown'} end
redis.call('HSETNX', P .. 'conclusions', ARGV[2], ARGV[3])
return {'concluded'}
