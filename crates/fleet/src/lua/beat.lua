-- The lease is extended, progress stored, the cancel flag returned.
-- ARGV: 2 id 3 fence 4 boot 5 lease_ms [6 progress]
local h = head(ARGV[2])
if not h or not is_held_by(h, ARGV[3], ARGV[4]) then return {'fenced'} end
local until_ms = string.format('%.0f', now + ARGV[5])
redis.call('HSET', op(h.id), 'lease_until_ms', until_ms)
redis.call('ZADD', P .. 'leases', until_ms, h.id)
if ARGV[6] then
  redis.call('HSET', op(h.id), 'progress', ARGV[6])
  tell_changed(h.id)
end
return {'alive', h.cancel_at_ms and 1 or 0}
