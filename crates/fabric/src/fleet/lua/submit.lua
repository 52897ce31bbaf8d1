-- Idempotency key, row and job message in one step.
-- ARGV: 2 call 3 id 4 kind 5 spec 6 tries_max 7 priority [8 idempotency key]
local call, id, key = ARGV[2], ARGV[3], ARGV[8]
local owner = key and redis.call('GET', P .. 'idem:' .. key) or (redis.call('EXISTS', op(id)) == 1 and id)
if owner then
  -- The same call again, because its first answer was lost.
  if redis.call('HGET', op(owner), 'submit_call') == call then return {'created'} end
  return {'duplicate', owner}
end
if key then redis.call('SET', P .. 'idem:' .. key, id) end
insert_leaf({id = id, kind = ARGV[4], spec = ARGV[5], tries_max = ARGV[6], priority = ARGV[7], call = call})
if key then redis.call('HSET', op(id), 'idempotency_key', key) end
return {'created'}
