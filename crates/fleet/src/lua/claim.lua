-- The try is counted before the work starts.
-- ARGV: 2 call 3 id 4 boot 5 lease_ms
local call, boot, lease_ms = ARGV[2], ARGV[4], tonumber(ARGV[5])
local h = head(ARGV[3])
if not h then return {'missing'} end
if is_root(h.kind) then return {'root'} end
if is_terminal(h.status) then return {'terminal', h.status} end
if h.lease_until_ms and tonumber(h.lease_until_ms) > now then
  -- The same call again, because its first answer was lost.
  if redis.call('HGET', op(h.id), 'claim_call') == call then return {'run', redis.call('HGETALL', op(h.id))} end
  return {'leased', tonumber(h.lease_until_ms)}
end
if h.status == 'running' then
  local ended, wait_ms = lose(h)
  if ended then return {'terminal', ended} end
  if wait_ms > 0 then
    come_back(h, wait_ms)
    return {'leased', now + wait_ms}
  end
elseif h.cancel_at_ms or not has_tries_left(h) then
  local over = h.cancel_at_ms and {status = 'cancelled'} or {status = 'failed', reason = 'attempts_exhausted'}
  finish_op(h, over)
  return {'terminal', over.status}
end
local earlier, until_ms = h.worker, string.format('%.0f', now + lease_ms)
h.fence, h.worker = tostring(h.fence + 1), boot
redis.call('HSET', op(h.id), 'status', 'running', 'fence', h.fence, 'tries', h.tries + 1, 'worker', boot,
  'lease_until_ms', until_ms, 'started_at_ms', now_text, 'claim_call', call)
redis.call('HDEL', op(h.id), 'waits_for')
record(h, h.status == 'running' and 'taken_over' or 'claimed', earlier)
if h.status == 'pending' then
  relist(h, 'running')
  leave_pending(h)
end
redis.call('ZADD', P .. 'leases', until_ms, h.id)
tell_changed(h.id)
return {'run', redis.call('HGETALL', op(h.id))}
