-- How many campaigns there are, and some of them, those begun last first.  ARGV: 2 from and 3 to, positions in that order
local found = {redis.call('ZCARD', P .. 'campaigns')}
for _, name in ipairs(redis.call('ZREVRANGE', P .. 'campaigns', ARGV[2], ARGV[3])) do
  found[#found + 1] = {name, redis.call('HGETALL', P .. 'campaign:' .. name)}
end
return found
