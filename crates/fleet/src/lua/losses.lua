-- The loss of a worker: what it costs the operation that it held, and how that comes back. The numbers are those of
-- losses.rs, where the rule stands.

-- Whom the loss of a process is put down to: of what it held, the one that had lost the most workers. Named when the loss
-- is first noticed, because the leases of one process do not all lapse at once.
local function suspect_of(boot)
  local key, most = P .. 'culprit:' .. boot, -1
  local culprit = redis.call('GET', key)
  if culprit then return culprit end
  for _, id in ipairs(redis.call('ZRANGE', P .. 'leases', 0, -1)) do
    local worker, rescues = unpack(redis.call('HMGET', op(id), 'worker', 'rescues'))
    if worker == boot and tonumber(rescues) > most then culprit, most = id, tonumber(rescues) end
  end
  redis.call('SET', key, culprit or '', 'PX', CULPRIT_KEPT_MS)
  return culprit
end

local function back_off_ms(losses)
  if losses < 2 then return 0 end
  return math.min(BACK_OFF_FIRST_MS * 2 ^ (losses - 2), BACK_OFF_MAX_MS)
end

-- Counts the loss of a running operation's worker. How it ended, if a cancel or the last try came before; else how long it
-- waits until it may run again, perhaps 0.
local function lose(h)
  local worker = h.worker or '(unknown)'
  local is_suspect = suspect_of(worker) == h.id
  local losses = redis.call('HINCRBY', op(h.id), 'rescues', 1)
  local costs = is_suspect and losses % LOSSES_PER_TRY == 0
  if not costs then h.tries = math.max(h.tries - 1, 0) end
  local lost = 'its worker ' .. worker .. ' was lost'
  redis.call('HSET', op(h.id), 'tries', h.tries, 'error', lost)
  record(h, 'lease_lapsed', costs and COST_A_TRY or TRY_GIVEN_BACK)
  local over
  if h.cancel_at_ms then
    over = {status = 'cancelled', error = lost}
  elseif not has_tries_left(h) then
    over = {status = 'failed', reason = 'attempts_exhausted', error = lost}
  else
    return nil, back_off_ms(losses)
  end
  finish_op(h, over)
  return over.status
end

-- Pending again: after a wait the sweep writes its message, without one it is written now.
local function come_back(h, wait_ms)
  redis.call('HSET', op(h.id), 'status', 'pending')
  redis.call('HDEL', op(h.id), 'worker', 'lease_until_ms')
  redis.call('ZREM', P .. 'leases', h.id)
  relist(h, 'pending')
  if wait_ms > 0 then redis.call('ZADD', P .. 'delayed', now + wait_ms, h.id) else post_job(h) end
  tell_changed(h.id)
end
