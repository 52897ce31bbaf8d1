-- Who is here.
local found = {}
for _, boot in ipairs(redis.call('ZRANGE', P .. 'workers', 0, -1)) do
  local worker = redis.call('HMGET', P .. 'worker:' .. boot, 'worker', 'seen_at_ms')
  if worker[1] then found[#found + 1] = worker else redis.call('ZREM', P .. 'workers', boot) end
end
return found
