-- Schedules, of a name or all: name, plan, created, decided up to, pause or '' and its time, revision.
-- ARGV: 2 name or ''
local names, found = {ARGV[2]}, {}
if ARGV[2] == '' then names = redis.call('SMEMBERS', P .. 'schedules') end
for _, name in ipairs(names) do
  local kept = redis.call('HMGET', P .. 'schedule:' .. name, 'plan', 'created_at_ms', 'decided_upto_ms', 'paused', 'paused_at_ms', 'revision')
  if kept[1] then found[#found + 1] = {name, kept[1], kept[2], kept[3], kept[4] or '', kept[5] or '0', kept[6]} end
end
return found
