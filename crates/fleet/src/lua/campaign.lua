-- One campaign.  ARGV: 2 name
return redis.call('HGETALL', P .. 'campaign:' .. ARGV[2])
