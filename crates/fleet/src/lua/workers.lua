-- Who is here.
local found = {}
for _, boot in ipairs(redis.call('ZRANGE', P .. 'workers', 0, -1)) do
  local said, seen_at_ms, until_ms = unpack(redis.call('HMGET', P .. 'worker:' .. boot, 'worker', 'seen_at_ms', 'until_ms'))
  if said and tonumber(until_ms) > now then found[#found + 1] = {said, seen_at_ms, until_ms} end
end
return found
