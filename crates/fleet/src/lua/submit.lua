-- Idempotency key, row and job message in one step.
-- ARGV: 2 call 3 id 4 kind 5 queue 6 spec 7 about 8 tries_max 9 priority [10 idempotency key]
local call, id, key = ARGV[2], ARGV[3], ARGV[10]
local owner = key and redis.call('GET', P .. 'idem:' .. key) or (redis.call('EXISTS', op(id)) == 1 and id)
if owner then
  -- The same call again, because its first answer was lost.
  if redis.call('HGET', op(owner), 'submit_call') == call then return {'created'} end
  return {'duplicate', owner}
end
if key then redis.call('SET', P .. 'idem:' .. key, id) end
insert_leaf({id = id, kind = ARGV[4], queue = ARGV[5], spec = ARGV[6], about = ARGV[7], tries_max = ARGV[8],
  priority = ARGV[9], call = call})
if key then redis.call('HSET', op(id), 'idempotency_key', key) end
return {'created'}
