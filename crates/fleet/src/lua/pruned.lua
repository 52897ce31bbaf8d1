-- What was pruned so far.
return redis.call('HMGET', P .. 'pruned', 'operations', 'histories', 'at_ms')
