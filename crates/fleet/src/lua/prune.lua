-- Removes what ended long ago and nobody needs any more: one step along the rows, in the order of their creation. Which rows stay
-- whatever their age stands in retention.rs.
-- ARGV: 2 after this order number 3 at most so many 4 kinds, commas around each word; kept for so many ms, or '' for ever:
--       5 operations 6 dead letters 7 histories 8 the shortest of these; 9 how long keys live at least 10 '1' only to count
local after, limit, is_dry = ARGV[2], tonumber(ARGV[3]), ARGV[10] == '1'
if ARGV[8] == '' then return {0, 0, ''} end

-- Rows that ended, the oldest first: order number and id.
local function next_ended()
  local rows = {}
  for _, status in ipairs({'completed', 'failed', 'cancelled'}) do
    for kind in string.gmatch(ARGV[4], '[^,]+') do
      local found = redis.call('ZRANGEBYSCORE', list_of(status, kind), '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
      for i = 1, #found, 2 do rows[#rows + 1] = {found[i], tonumber(found[i + 1])} end
    end
  end
  table.sort(rows, function(a, b) return a[2] < b[2] end)
  return rows
end

local function ended_before(h, kept_ms)
  return kept_ms ~= '' and is_terminal(h.status) and tonumber(h.finished_at_ms) <= now - tonumber(kept_ms)
end

-- A row and its children; nil when one of them goes on.
local function members(h)
  local all = {h}
  for _, id in ipairs(redis.call('ZRANGE', P .. 'children:' .. h.id, 0, -1)) do
    local child = head(id)
    if child and not is_terminal(child.status) then return nil end
    if child then all[#all + 1] = child end
  end
  return all
end

local function is_needed(h)
  return redis.call('HEXISTS', P .. 'trials', h.id) == 1 or redis.call('HEXISTS', P .. 'candidates', h.id) == 1
    or redis.call('ZSCORE', list_of('dead', h.kind), h.id) or is_in_outbox(h.id, 'event_entry') or is_in_outbox(h.id, 'job_entry')
end

local function is_spare(h, all)
  for _, member in ipairs(all) do
    if is_needed(member) then return false end
  end
  local cycles = h.campaign and tonumber(redis.call('HGET', campaign(h.campaign), 'cycles') or 0) or 0
  return cycles <= tonumber(h.campaign and redis.call('HGET', P .. 'closed', h.campaign) or 0)
end

local function forget(h)
  if h.idempotency_key then redis.call('DEL', P .. 'idem:' .. h.idempotency_key) end
  if h.root then redis.call('ZREM', P .. 'children:' .. h.root, h.id) end
  delist(h, h.status)
  if h.lane and h.campaign then redis.call('HINCRBY', campaign(h.campaign), 'forgotten', 1) end
  redis.call('UNLINK', op(h.id), P .. 'log:' .. h.id)
end

local function kept_for(h)
  local kept_ms = h.reason == 'attempts_exhausted' and ARGV[6] or ARGV[5]
  if kept_ms == '' or not h.idempotency_key then return kept_ms end
  return tostring(math.max(tonumber(kept_ms), tonumber(ARGV[9])))
end

local operations, histories = 0, 0
local function forget_histories(all)
  for _, h in ipairs(all) do
    histories = histories + redis.call('EXISTS', P .. 'log:' .. h.id)
    if not is_dry then redis.call('UNLINK', P .. 'log:' .. h.id) end
  end
end

local function look_at(h)
  local all = members(h)
  if not all then return end
  if ended_before(h, kept_for(h)) and is_spare(h, all) then
    operations = operations + #all
    for _, member in ipairs(all) do
      if not is_dry then forget(member) end
    end
  elseif ended_before(h, ARGV[7]) then
    forget_histories(all)
  end
end

-- A child is looked at with its cycle, or alone when that has no row.
local function whole(id)
  local h = head(id)
  if not h or (h.root and redis.call('EXISTS', op(h.root)) == 1) then return nil end
  local FIELDS = {'finished_at_ms', 'created_at_ms', 'reason', 'idempotency_key'}
  for i, value in ipairs(redis.call('HMGET', op(id), unpack(FIELDS))) do h[FIELDS[i]] = value end
  return h.finished_at_ms and h
end

-- Older programs kept a list of what they were to forget.
if not is_dry then redis.call('UNLINK', P .. 'expiring') end
local rows = next_ended()
local newest, next_after = tonumber(redis.call('GET', P .. 'seq') or 0), #rows >= limit and string.format('%.0f', rows[limit][2]) or ''
for i = 1, math.min(limit, #rows) do
  local h = rows[i][2] < newest and whole(rows[i][1])
  if h and tonumber(h.created_at_ms) > now - tonumber(ARGV[8]) then
    next_after = ''         -- whatever was created later ended later
    break
  end
  if h then look_at(h) end
end
if not is_dry and operations + histories > 0 then
  redis.call('HINCRBY', P .. 'pruned', 'operations', operations)
  redis.call('HINCRBY', P .. 'pruned', 'histories', histories)
  redis.call('HSET', P .. 'pruned', 'at_ms', now_text)
end
return {operations, histories, next_after}
