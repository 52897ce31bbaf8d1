-- What waits for workers: entries in the outbox; then for each queue how much waits there, 0 where nothing is that old.
-- ARGV: 2 age_ms, then queues
local found = {redis.call('XLEN', P .. 'outbox')}
for i = 3, #ARGV do
  local pending = P .. 'pending:' .. ARGV[i]
  local oldest = redis.call('ZRANGE', pending, 0, 0, 'WITHSCORES')[2]
  local is_old = oldest and tonumber(oldest) <= now - tonumber(ARGV[2])
  found[#found + 1] = is_old and redis.call('ZCARD', pending) or 0
end
return found
