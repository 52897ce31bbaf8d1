-- The roots of a campaign, all or none, as one lane, which is called by its first root; where limits on concurrency are named,
-- one root within them.
-- ARGV: 2 call 3 in_flight 4 size of a generation 5 number of limits, then for each limit: key most,
--       then for each root: id kind campaign spec about phase, first child: id kind queue spec about tries_max priority
local call, WIDTH, FROM = ARGV[2], 13, 6 + 2 * tonumber(ARGV[5])
for at = FROM, #ARGV, WIDTH do
  if redis.call('EXISTS', op(ARGV[at])) == 1 then
    if redis.call('HGET', op(ARGV[at]), 'submit_call') == call then return {'created'} end
    return {'duplicate', ARGV[at]}
  end
  if redis.call('EXISTS', op(ARGV[at + 6])) == 1 then return {'taken', ARGV[at + 6], ARGV[at]} end
end

for at = 6, FROM - 1, 2 do
  local key, most = ARGV[at], tonumber(ARGV[at + 1])
  forget_ended(key)
  local going_on = holders(key)
  if #going_on >= most then return {'full', key, going_on} end
end

-- Adds them to a list, so many in one call as Lua can pass.
local function add_all(list, entries)
  for from = 1, #entries, 2000 do
    redis.call('ZADD', list, unpack(entries, from, math.min(from + 1999, #entries)))
  end
end

local roots = (#ARGV - FROM + 1) / WIDTH
local seq = redis.call('INCRBY', P .. 'seq', roots) - roots
local lane, listed, of_campaign = ARGV[FROM], {}, {}
redis.call('HSET', P .. 'paces', lane, table.concat({ARGV[3], ARGV[4], string.format('%.0f', seq + 1)}, ' '))
for at = FROM, #ARGV, WIDTH do
  local id, kind, name = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  seq = seq + 1
  redis.call('HSET', op(id), 'id', id, 'kind', kind, 'status', 'pending', 'seq', seq, 'fence', 0, 'tries', 0,
    'tries_max', 0, 'rescues', 0, 'created_at_ms', now_text, 'campaign', name, 'counted', 'pending', 'spec', ARGV[at + 3],
    'subject', ARGV[at + 4], 'phase', ARGV[at + 5], 'lane', lane, 'submit_call', call, 'first_id', ARGV[at + 6],
    'first_kind', ARGV[at + 7], 'first_queue', ARGV[at + 8], 'first_spec', ARGV[at + 9], 'first_about', ARGV[at + 10],
    'first_tries_max', ARGV[at + 11], 'first_priority', ARGV[at + 12])
  local entries = of_campaign[name] or {}
  of_campaign[name] = entries
  for _, list in ipairs({list_of('pending', kind), list_of('pending', kind, name)}) do
    listed[list] = listed[list] or {}
    table.insert(listed[list], seq)
    table.insert(listed[list], id)
  end
  table.insert(entries, seq)
  redis.call('RPUSH', P .. 'lane:' .. lane, id)
  tell_changed(id)
end
for list, entries in pairs(listed) do add_all(list, entries) end
for name, entries in pairs(of_campaign) do
  open_campaign(name, entries[1], now_text)
  redis.call('HINCRBY', campaign(name), 'cycles', #entries)
  redis.call('HINCRBY', campaign(name), 'is:pending', #entries)
end
for at = 6, FROM - 1, 2 do redis.call('ZADD', holders_of(ARGV[at]), seq, lane) end
start_waiting(lane)
return {'created'}
