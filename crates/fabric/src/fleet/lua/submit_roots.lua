-- The roots of a campaign, all or none. Root i belongs to lane i mod in_flight; the first of each lane starts.
-- ARGV: 2 call 3 in_flight, then for each root: id spec phase, first child: id kind queue spec tries_max priority
local call, in_flight, WIDTH = ARGV[2], tonumber(ARGV[3]), 9
for at = 4, #ARGV, WIDTH do
  if redis.call('EXISTS', op(ARGV[at])) == 1 then
    if redis.call('HGET', op(ARGV[at]), 'submit_call') == call then return {'created'} end
    return {'duplicate', ARGV[at]}
  end
  if redis.call('EXISTS', op(ARGV[at + 3])) == 1 then return {'taken', ARGV[at + 3], ARGV[at]} end
end
local lanes = {}
for at = 4, #ARGV, WIDTH do
  local i, id = (at - 4) / WIDTH, ARGV[at]
  local lane = lanes[i % in_flight + 1]
  if not lane then lane = id; lanes[i + 1] = id end
  local seq = redis.call('INCR', P .. 'seq')
  redis.call('HSET', op(id), 'id', id, 'kind', 'agent_research', 'status', 'pending', 'seq', seq, 'fence', 0, 'tries', 0,
    'tries_max', 0, 'rescues', 0, 'created_at_ms', now, 'spec', ARGV[at + 1], 'phase', ARGV[at + 2], 'lane', lane,
    'submit_call', call, 'first_id', ARGV[at + 3], 'first_kind', ARGV[at + 4], 'first_queue', ARGV[at + 5],
    'first_spec', ARGV[at + 6], 'first_tries_max', ARGV[at + 7], 'first_priority', ARGV[at + 8])
  redis.call('ZADD', list_of('pending', 'agent_research'), seq, id)
  redis.call('RPUSH', P .. 'lane:' .. lane, id)
  tell_changed(id)
end
for _, lane in ipairs(lanes) do start_next(lane) end
return {'created'}
