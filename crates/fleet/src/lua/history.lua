-- What an operation went through: when it was created, and its entries, oldest first.  ARGV: 2 id
return {redis.call('HGET', P .. 'op:' .. ARGV[2], 'created_at_ms'), redis.call('LRANGE', P .. 'log:' .. ARGV[2], 0, -1)}
