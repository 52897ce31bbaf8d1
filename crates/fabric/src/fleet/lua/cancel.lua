-- Done at once while pending, a flag while running, passed on by a root to its current child.
-- ARGV: 2 call 3 id 4 by 5 reason
local call, by, reason = ARGV[2], ARGV[4], ARGV[5]

-- Of several requests the first one's words stay.
local function flag(h)
  if h.cancel_at_ms then return end
  h.cancel_at_ms = now
  record(h, 'cancel_requested', reason == '' and by or by .. ': ' .. reason)
  redis.call('HSET', op(h.id), 'cancel_at_ms', now, 'cancel_by', by, 'cancel_reason', reason, 'cancel_call', call)
end

-- A child has no child: this goes one level deep.
local function cancel(h)
  if is_terminal(h.status) then
    -- The same call again, because its first answer was lost.
    local is_ours = h.status == 'cancelled' and redis.call('HGET', op(h.id), 'cancel_call') == call
    if is_ours then return {'done'} end
    return {'too_late', h.status}
  end
  flag(h)
  if h.status == 'pending' then
    finish_op(h, {status = 'cancelled'})
    return {'done'}
  end
  if h.waiting then cancel(head(h.waiting)) else redis.call('PUBLISH', P .. 'cancel', h.id) end
  tell_changed(h.id)
  return {'requested'}
end

local h = head(ARGV[3])
return h and cancel(h) or {'missing'}
