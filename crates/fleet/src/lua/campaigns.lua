-- How many campaigns there are, how many are shown, the position of the last of these, and each with what is counted of it: those
-- begun last first.
-- ARGV: 2 before, '+inf' or '(' and a position 3 limit
local found = {redis.call('ZCARD', P .. 'campaigns'), 0, 0}
local listed = redis.call('ZREVRANGEBYSCORE', P .. 'campaigns', ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #listed, 2 do
  found[2], found[3] = found[2] + 1, tonumber(listed[i + 1])
  found[#found + 1] = {listed[i], redis.call('HGETALL', P .. 'campaign:' .. listed[i])}
end
return found
