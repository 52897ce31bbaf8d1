-- Brings back what was lost, except for job messages. Atomic and idempotent, so that every long-lived process runs it and
-- nobody leads.
-- ARGV: 2 grace_ms 3 limit 4 '1' in the first sweep of its process [5 republish_after_ms]
local function is_running(h) return h.status == 'running' end
local function has_ended(h) return is_terminal(h.status) end

-- A lost worker.
local function rescue(h)
  local ended, wait_ms = lose(h)
  if not ended then come_back(h, wait_ms) end
end

local function release_due(h)
  redis.call('ZREM', P .. 'delayed', h.id)
  record(h, 'due')
  post_job(h)
end

-- A root that waits for a child that has ended: the event was lost, or is late.
local function republish_event(root)
  redis.call('ZADD', P .. 'roots', now, root.id)
  local child = root.waiting and head(root.waiting)
  return child and has_ended(child) and announce_again(child) and 1 or 0
end

-- I9: a lane in which a root may start has none that waits. A program that is older than generations does not say which roots
-- go on and which have ended.
local function start_stalled_lanes()
  local lanes, started = redis.call('HKEYS', P .. 'lanes'), 0
  for _, lane in ipairs(lanes) do
    for _, id in ipairs(redis.call('ZRANGE', going(lane), 0, -1)) do
      if redis.call('HGET', op(id), 'status') ~= 'running' then redis.call('ZREM', going(lane), id) end
    end
    started = started + start_waiting(lane)
  end
  return started
end

local limit = ARGV[3]
go_on_cancelling(tonumber(limit))
local lost = due(P .. 'leases', tonumber(ARGV[2]), limit, is_running)
for _, h in ipairs(lost) do rescue(h) end
local retries = due(P .. 'delayed', 0, limit, is_pending)
for _, h in ipairs(retries) do release_due(h) end
local republished = 0
if ARGV[5] then
  local age_ms = tonumber(ARGV[5])
  for _, h in ipairs(due(P .. 'roots', age_ms, limit, is_running)) do republished = republished + republish_event(h) end
  republished = republished + start_stalled_lanes()
end
adopt_some(ARGV[4] == '1', tonumber(limit))
return {#lost, #retries, republished}
