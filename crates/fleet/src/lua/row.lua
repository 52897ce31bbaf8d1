-- One row.  ARGV: 2 id
return redis.call('HGETALL', P .. 'op:' .. ARGV[2])
