-- The operation that was submitted under an idempotency key, if one was.  ARGV: 2 key
return redis.call('GET', P .. 'idem:' .. ARGV[2])
