-- The broker has lost whoever holds this: unless they beat within the grace period, their lease is over.
-- ARGV: 2 id 3 by 4 grace_ms
local h, by, grace_ms = head(ARGV[2]), ARGV[3], tonumber(ARGV[4])
if not h or not h.lease_until_ms or h.worker == by then return {'nobody'} end
local left_ms = h.lease_until_ms - now
if left_ms > grace_ms then
  left_ms = grace_ms
  local until_ms = string.format('%.0f', now + grace_ms)
  redis.call('HSET', op(h.id), 'lease_until_ms', until_ms)
  redis.call('ZADD', P .. 'leases', until_ms, h.id)
  record(h, 'suspected', by)
end
return {'suspected', math.max(left_ms, 0)}
