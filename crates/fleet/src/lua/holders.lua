-- Who goes on under a key of a limit on concurrency.  ARGV: 2 key
return holders(ARGV[2])
