-- The end of an operation, the only place where a row becomes terminal; and what the end of a root starts.

local start_waiting

-- What a campaign counts a cycle as that ended.
local function outcome_of(h, over)
  if over.status ~= 'failed' then return over.status end
  return table.concat({'failed', h.phase or '', over.reason, over.stopped_by or over.reason}, '\n')
end

-- Row and event. over: status, and reason, error, result, caveat, stopped_by, took_ms where there are such; without an error that
-- of an earlier attempt stands.
local function finish_row(h, over)
  record(h, over.status, over.reason and over.error and over.reason .. ': ' .. over.error or over.reason or over.error)
  local sets = {'status', over.status, 'finished_at_ms', now_text, 'event_entry', post_event(h, over.status, '0')}
  local gone = {'worker', 'lease_until_ms', 'waiting', 'waits_for'}
  for _, field in ipairs({'reason', 'error', 'result', 'caveat', 'took_ms'}) do
    if over[field] then sets[#sets + 1] = field; sets[#sets + 1] = over[field] end
  end
  if over.status == 'completed' then
    gone[#gone + 1] = 'error'
    if h.cancel_at_ms then sets[#sets + 1] = 'cancel_too_late'; sets[#sets + 1] = 1 end
  end
  redis.call('HSET', op(h.id), unpack(sets))
  redis.call('HDEL', op(h.id), unpack(gone))
  relist(h, over.status, outcome_of(h, over))
  if over.reason == 'attempts_exhausted' then enlist(h, 'dead') end
end

-- A leaf leaves what it waited in; its root, should it have one, waits from now on for its own advance.
local function leave_leaf_queues(h)
  if h.status == 'running' then
    redis.call('ZREM', P .. 'leases', h.id)
  else
    leave_pending(h)
  end
  if h.root then redis.call('ZADD', P .. 'roots', 'XX', now, h.root) end
end

-- A lane: the roots of one submit, in their order. Those that run, by their order.
local function going(lane) return P .. 'going:' .. lane end

-- A root that ends while it still waits kept nobody waiting that is not kept by those before it: nothing to start.
local function leave_lane(h)
  if h.status == 'pending' then
    -- It stands there once, and mostly first.
    redis.call('LREM', P .. 'lane:' .. h.lane, 1, h.id)
  else
    redis.call('ZREM', P .. 'roots', h.id)
    redis.call('ZREM', going(h.lane), h.id)
    start_waiting(h.lane)
  end
end

local function finish_op(h, over)
  finish_row(h, over)
  tell_changed(h.id)
  if h.lane then leave_lane(h) else leave_leaf_queues(h) end
end

-- While all of its campaign is being cancelled a waiting root does not start: it will be cancelled where it waits.
local function is_held(h)
  local upto = h.campaign and redis.call('HGET', campaign(h.campaign), 'cancel_upto')
  return upto and tonumber(h.seq) <= tonumber(upto)
end

-- Whether fewer of a lane run than may, and all of them are of this root's generation: earlier ones have ended. In a lane
-- without a pace, which is older than generations, one root runs at a time.
local function may_start(lane, h)
  local pace = redis.call('HGET', P .. 'paces', lane)
  if not pace then
    local before = redis.call('HGET', P .. 'lanes', lane)
    return not before or redis.call('HGET', op(before), 'status') ~= 'running'
  end
  local first = redis.call('ZRANGE', going(lane), 0, 0, 'WITHSCORES')
  if not first[1] then return true end
  local in_flight, size, begins = string.match(pace, '^(%d+) (%d+) (%d+)$')
  local function generation(seq) return math.floor((tonumber(seq) - tonumber(begins)) / tonumber(size)) end
  return redis.call('ZCARD', going(lane)) < tonumber(in_flight) and generation(first[2]) == generation(h.seq)
end

-- The lane is forgotten with its last root.
local function forget_lane(lane)
  if redis.call('EXISTS', going(lane)) == 1 then return end
  redis.call('HDEL', P .. 'lanes', lane)
  redis.call('HDEL', P .. 'paces', lane)
end

-- Starts the first waiting root of a lane; whether there was one that may start.
local function start_next(lane)
  local id = redis.call('LINDEX', P .. 'lane:' .. lane, 0)
  if not id then forget_lane(lane); return false end
  local h = head(id)
  if is_held(h) or not may_start(lane, h) then return false end
  redis.call('LPOP', P .. 'lane:' .. lane)
  local FIRST = {'first_id', 'first_kind', 'first_queue', 'first_spec', 'first_about', 'first_tries_max', 'first_priority'}
  local first = redis.call('HMGET', op(id), unpack(FIRST))
  redis.call('HDEL', op(id), unpack(FIRST))
  if redis.call('EXISTS', op(first[1])) == 1 then
    -- Someone took the id of its child meanwhile. The lane must go on.
    finish_op(h, {status = 'failed', reason = 'error', error = first[1] .. ' exists already and can not be its first child'})
    return start_next(lane)
  end
  redis.call('HSET', op(id), 'status', 'running', 'started_at_ms', now, 'waiting', first[1])
  relist(h, 'running')
  redis.call('ZADD', P .. 'roots', now, id)
  redis.call('HSET', P .. 'lanes', lane, id)
  redis.call('ZADD', going(lane), h.seq, id)
  record(h, 'started', first[1])
  insert_leaf({id = first[1], kind = first[2], queue = first[3], spec = first[4], about = first[5], tries_max = first[6],
    priority = first[7], root = id, campaign = h.campaign})
  tell_changed(id)
  return true
end

-- Starts waiting roots of a lane for as long as its pace allows; how many.
start_waiting = function(lane)
  local started = 0
  while start_next(lane) do started = started + 1 end
  return started
end
