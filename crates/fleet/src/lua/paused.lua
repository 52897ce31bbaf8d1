-- Kinds nobody takes at present, each with since when, if that is known.
local found = {}
for _, kind in ipairs(redis.call('SMEMBERS', P .. 'paused')) do
  found[#found + 1] = {kind, redis.call('HGET', P .. 'paused_at', kind)}
end
return found
