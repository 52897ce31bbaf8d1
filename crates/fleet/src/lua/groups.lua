-- Cancelling a group, one batch of it: what waits first, so that nothing of it starts meanwhile.
-- group: kinds and statuses as in `,training,probe,`, campaign or nil, whole (all cycles of the campaign), upto, limit, ask

local function means(group, status) return string.find(group.statuses, ',' .. status .. ',', 1, true) end

-- Rows of a status, oldest first by kind. An entry whose row is not what its list says is dropped: it must not stop the
-- others.
local function matching(group, status, limit)
  local rows = {}
  if not means(group, status) then return rows end
  for kind in string.gmatch(group.kinds, '[^,]+') do
    local list, range = list_of(status, kind, group.campaign), {'-inf', group.upto}
    if limit then range = {'-inf', group.upto, 'LIMIT', 0, limit - #rows} end
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', list, unpack(range))) do
      local h = head(id)
      if h and h.status == status then rows[#rows + 1] = h else redis.call('ZREM', list, id) end
    end
  end
  return rows
end

local function cancel_pending(group)
  local waiting = matching(group, 'pending', group.limit)
  for _, h in ipairs(waiting) do cancel(h, group.ask) end
  return #waiting
end

-- Those that nobody has asked yet. As many run as there are slots and lanes: all are looked at.
local function ask_running(group, limit)
  local asked = 0
  if limit <= 0 then return 0 end
  for _, seen in ipairs(matching(group, 'running')) do
    local h = asked < limit and not seen.cancel_at_ms and head(seen.id)
    -- Looked at again: it may have been asked just now, as the child of one before it.
    if h and not h.cancel_at_ms then
      cancel(h, group.ask)
      asked = asked + 1
    end
  end
  return asked
end

-- How many were cancelled, how many were asked, whether there may be more. The last batch lets go of the lanes.
local function cancel_some(group)
  local cancelled = cancel_pending(group)
  local asked = ask_running(group, group.limit - cancelled)
  local more = cancelled + asked >= group.limit
  if group.whole and not more then
    local upto = redis.call('HGET', campaign(group.campaign), 'cancel_upto')
    if upto and tonumber(upto) <= tonumber(group.upto) then
      redis.call('HDEL', campaign(group.campaign), 'cancel_upto')
      redis.call('SREM', P .. 'cancelling', group.campaign)
    end
  end
  return cancelled, asked, more
end

-- From the first batch on no cycle of the campaign starts; the sweep goes on where nobody else does.
local function hold_lanes(group)
  local key = campaign(group.campaign)
  if redis.call('EXISTS', key) == 0 then return end
  redis.call('HSET', key, 'cancel_upto', group.upto, 'cancel_at_ms', now_text, 'cancel_by', group.ask.by,
    'cancel_reason', group.ask.reason)
  redis.call('SADD', P .. 'cancelling', group.campaign)
end

local function go_on_cancelling(limit)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'cancelling')) do
    local upto, by, reason = unpack(redis.call('HMGET', campaign(name), 'cancel_upto', 'cancel_by', 'cancel_reason'))
    if upto then
      cancel_some({kinds = ROOT_KINDS, statuses = ',pending,running,', campaign = name, whole = true, upto = upto,
        limit = limit, ask = {by = by, reason = reason, call = ''}})
    else
      redis.call('SREM', P .. 'cancelling', name)
    end
  end
end
