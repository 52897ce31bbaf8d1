-- A stop that somebody asked for: done at once while pending, a flag while running, passed on by a root to its current
-- child. ask: by, reason, call.

-- Of several requests the first one's words stay.
local function flag(h, ask)
  if h.cancel_at_ms then return end
  h.cancel_at_ms = now
  record(h, 'cancel_requested', ask.reason == '' and ask.by or ask.by .. ': ' .. ask.reason)
  redis.call('HSET', op(h.id), 'cancel_at_ms', now, 'cancel_by', ask.by, 'cancel_reason', ask.reason, 'cancel_call', ask.call)
end

-- A child has no child: this goes one level deep. One that has ended is announced again: its root may have stayed where it is.
local function cancel(h, ask)
  if is_terminal(h.status) then
    -- The same call again, because its first answer was lost.
    local is_ours = h.status == 'cancelled' and redis.call('HGET', op(h.id), 'cancel_call') == ask.call
    if is_ours then return {'done'} end
    return {'too_late', h.status}
  end
  flag(h, ask)
  if h.status == 'pending' then
    finish_op(h, {status = 'cancelled'})
    return {'done'}
  end
  local child = h.waiting and head(h.waiting)
  if not child then
    redis.call('PUBLISH', P .. 'cancel', h.id)
  elseif cancel(child, ask)[1] == 'too_late' then
    announce_again(child)
  end
  tell_changed(h.id)
  return {'requested'}
end
