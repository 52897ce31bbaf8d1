-- What waits or runs, oldest first.
local found = {}
for i, open in ipairs(redis.call('ZRANGE', OPEN, 0, -1)) do
  local schedule, at = string.match(open, '^(%S+) (%S+)$')
  found[i] = redis.call('HGET', records_of(schedule), at)
end
return found
