-- A worker says that it goes.
-- ARGV: 2 boot
redis.call('DEL', P .. 'worker:' .. ARGV[2])
redis.call('ZREM', P .. 'workers', ARGV[2])
return {'deregistered'}
