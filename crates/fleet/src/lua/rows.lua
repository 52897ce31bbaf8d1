-- The words transitions are written in: rows, lists, messages, hints.

-- The part of a row that decides about transitions.
local DECIDING = {'kind', 'status', 'seq', 'fence', 'tries', 'tries_max', 'worker', 'lease_until_ms', 'cancel_at_ms',
  'root', 'phase', 'waiting', 'lane', 'queue', 'campaign', 'counted'}

local function op(id) return P .. 'op:' .. id end

-- Reads it; nil when there is no row. A field that is not there is false.
local function head(id)
  local values = redis.call('HMGET', op(id), unpack(DECIDING))
  if not values[1] then return nil end
  local h = {id = id}
  for i, field in ipairs(DECIDING) do h[field] = values[i] end
  h.queue = h.queue or h.kind     -- rows that are older than queues for one class of worker
  return h
end

local function has_tries_left(h) return tonumber(h.tries) < tonumber(h.tries_max) end

local function is_terminal(status) return status ~= 'pending' and status ~= 'running' end

-- The compare of every compare-and-set by a worker: still running, this attempt, this process.
local function is_held_by(h, fence, boot)
  return h.status == 'running' and h.fence == fence and h.worker == boot
end

-- Every row is in one list, by status and kind, and as a dead letter also in that of the dead; what belongs to a campaign
-- is in the same lists of its campaign as well. The score is the order of creation.
local function list_of(status, kind, campaign)
  return P .. 'idx:' .. status .. ':' .. kind .. (campaign and '@' .. campaign or '')
end

local function enlist(h, status)
  redis.call('ZADD', list_of(status, h.kind), h.seq, h.id)
  if h.campaign then redis.call('ZADD', list_of(status, h.kind, h.campaign), h.seq, h.id) end
end

-- Whether it was in that list.
local function delist(h, status)
  if h.campaign then redis.call('ZREM', list_of(status, h.kind, h.campaign), h.id) end
  return redis.call('ZREM', list_of(status, h.kind), h.id) == 1
end

local function campaign(name) return P .. 'campaign:' .. name end

-- What is written when the first cycle of a campaign is.
local function open_campaign(name, seq, begun_at_ms)
  redis.call('ZADD', P .. 'campaigns', 'NX', seq, name)
  redis.call('HSETNX', campaign(name), 'begun_at_ms', begun_at_ms)
end

-- A campaign counts its cycles by what became of them: by status, and failed ones by phase, reason and what stopped them.
-- The row remembers what it is counted as.
local function count_cycle(h, outcome)
  if not h.campaign then return end
  if h.counted then redis.call('HINCRBY', campaign(h.campaign), 'is:' .. h.counted, -1) end
  redis.call('HINCRBY', campaign(h.campaign), 'is:' .. outcome, 1)
  redis.call('HSET', op(h.id), 'counted', outcome)
  h.counted = outcome
end

-- Moves a row to the list of another status; of a root the outcome may say more than that.
local function relist(h, status, outcome)
  delist(h, h.status)
  enlist(h, status)
  if h.lane then count_cycle(h, outcome or status) end
end

-- Writes into the history of a row what happens to it, with its fence and its worker. note may be nil; of a long one
-- the beginning is kept, and no character is cut in two. The first entry is not written: the row says when it was created.
local ENTRIES_MAX, NOTE_BYTES_MAX = 199, 200
local function record(h, what, note)
  if note and #note > NOTE_BYTES_MAX then
    local at = NOTE_BYTES_MAX
    while at > 0 and bit.band(string.byte(note, at + 1), 0xC0) == 0x80 do at = at - 1 end
    note = string.sub(note, 1, at)
  end
  local history = P .. 'log:' .. h.id
  local entry = now_text .. '\n' .. what .. '\n' .. h.fence .. '\n' .. (h.worker or '') .. '\n' .. (note or '')
  if redis.call('RPUSH', history, entry) > ENTRIES_MAX then redis.call('LPOP', history) end
end

local function tell_changed(id) redis.call('PUBLISH', P .. 'changed', id) end

-- Writes a message into the outbox. Positions are never used twice: a late removal must not hit a newer entry.
local is_outbox_told = false
local function post(...)
  local entry = redis.call('XADD', P .. 'outbox', '1-*', ...)
  if not is_outbox_told then redis.call('PUBLISH', P .. 'outbox', '') end
  is_outbox_told = true
  return entry
end

-- Pending leaves whose messages go to one queue, and when the last one was written.
local function pending_in(queue) return P .. 'pending:' .. queue end

-- Publishes the job of a pending leaf: it may be claimed.
local function post_job(h)
  redis.call('HSET', op(h.id), 'job_entry', post('job', h.id))
  redis.call('ZADD', pending_in(h.queue), now_text, h.id)
end

-- A pending leaf waits for a claim, or for the time of its retry.
local function leave_pending(h)
  if redis.call('ZREM', pending_in(h.queue), h.id) == 0 then redis.call('ZREM', P .. 'delayed', h.id) end
end

-- Publishes the event of an end; the entry. again: '1' when the first one may have been lost.
local function post_event(h, status, again)
  return post('event', h.id, 'kind', h.kind, 'root', h.root or '', 'status', status, 'fence', h.fence, 'again', again)
end

-- Whether the message of that kind which was written last is still in the outbox.
local function is_in_outbox(id, which)
  local entry = redis.call('HGET', op(id), which)
  return entry and #redis.call('XRANGE', P .. 'outbox', entry, entry) > 0
end

-- A cycle is called by the strategy of its jobs, once it is designed. What a row is about: strategy, instrument and bars, a line each.
local function name_after(root, about)
  local strategy = string.match(about, '^[^\n]+')
  local market = strategy and string.match(redis.call('HGET', op(root), 'subject') or '', '\n.*')
  if strategy then redis.call('HSET', op(root), 'subject', strategy .. (market or '\n\n')) end
end

-- Writes a pending leaf and its job message. root, campaign and call may be false.
local function insert_leaf(leaf)
  local id, seq = leaf.id, redis.call('INCR', P .. 'seq')
  local row = {'id', id, 'kind', leaf.kind, 'queue', leaf.queue, 'status', 'pending', 'seq', seq, 'fence', 0, 'tries', 0,
    'tries_max', leaf.tries_max, 'priority', leaf.priority, 'rescues', 0, 'created_at_ms', now_text, 'spec', leaf.spec,
    'subject', leaf.about or '', 'job_entry', post('job', id)}
  if leaf.call then row[#row + 1] = 'submit_call'; row[#row + 1] = leaf.call end
  if leaf.root then
    row[#row + 1] = 'root'; row[#row + 1] = leaf.root
    redis.call('ZADD', P .. 'children:' .. leaf.root, seq, id)
  end
  if leaf.campaign then row[#row + 1] = 'campaign'; row[#row + 1] = leaf.campaign end
  redis.call('HSET', op(id), unpack(row))
  enlist({id = id, kind = leaf.kind, seq = seq, campaign = leaf.campaign}, 'pending')
  redis.call('ZADD', pending_in(leaf.queue), now_text, id)
  tell_changed(id)
end

-- ROOT_KINDS: `,kind,kind,`, as the program that sends the script knows them.
local function is_root(kind) return string.find(ROOT_KINDS, ',' .. kind .. ',', 1, true) end
