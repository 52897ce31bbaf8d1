-- What waits for workers: entries in the outbox; then for each queue how much waits there, 0 where nothing is that old; then for
-- each kind how much waits for the time of its next attempt: that is what is pending and in none of its queues.
-- ARGV: 2 age_ms 3 queues 4 kinds, both with commas between
local found, queued = {redis.call('XLEN', P .. 'outbox')}, {}
for queue in string.gmatch(ARGV[3], '[^,]+') do
  local pending = P .. 'pending:' .. queue
  local oldest = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')[2]
  local is_old = oldest and tonumber(oldest) <= now - tonumber(ARGV[2])
  local count, kind = redis.call('ZCARD', pending), string.match(queue, '^[^.]+')
  found[#found + 1] = is_old and count or 0
  queued[kind] = (queued[kind] or 0) + count
end
for kind in string.gmatch(ARGV[4], '[^,]+') do
  found[#found + 1] = math.max(0, redis.call('ZCARD', P .. 'idx:pending:' .. kind) - (queued[kind] or 0))
end
return found
