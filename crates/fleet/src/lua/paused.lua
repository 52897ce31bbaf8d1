-- Kinds nobody takes at present.
return redis.call('SMEMBERS', P .. 'paused')
