-- Keeps the answer to the request of a key, if it is the first; the one that is kept, or '' of a key that nobody keeps.
-- ARGV: 2 key 3 answer
local kept = P .. 'request:' .. ARGV[2]
if redis.call('EXISTS', kept) == 0 then return {''} end
redis.call('HSETNX', kept, 'answer', ARGV[3])
return {redis.call('HGET', kept, 'answer')}
