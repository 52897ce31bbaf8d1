-- When what waits is due, if it waits for a time.  ARGV: 2 id
return redis.call('ZSCORE', P .. 'delayed', ARGV[2])
