-- The words in which what was lost is looked for, and published again.

-- The rows of a queue whose time came that long ago. An entry without such a row is dropped: it must not stop the others.
local function due(queue, ago_ms, limit, is_meant)
  local rows = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', queue, '-inf', now - ago_ms, 'LIMIT', 0, limit)) do
    local h = head(id)
    if h and is_meant(h) then rows[#rows + 1] = h else redis.call('ZREM', queue, id) end
  end
  return rows
end

local function is_pending(h) return h.status == 'pending' end

-- What may happen every minute must not push out the rest of a history: of several in a row the latest stays.
local function record_publishing_again(h)
  local last = redis.call('LINDEX', P .. 'log:' .. h.id, -1)
  if last and string.match(last, '^%d+\npublished_again\n') then redis.call('RPOP', P .. 'log:' .. h.id) end
  record(h, 'published_again')
end

-- The end of a child that its root waits for. Whether it was not about to be announced anyway.
local function announce_again(child)
  if is_in_outbox(child.id, 'event_entry') then return false end
  record_publishing_again(child)
  redis.call('HSET', op(child.id), 'event_entry', post_event(child, child.status, '1'))
  return true
end
