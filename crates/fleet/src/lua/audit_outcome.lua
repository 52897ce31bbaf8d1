-- What came of an action, once.
-- ARGV: 2 number 3 outcome
redis.call('HSETNX', P .. 'audit:outcomes', ARGV[2], ARGV[3])
return {'noted'}
