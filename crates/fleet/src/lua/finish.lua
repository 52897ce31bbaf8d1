-- Completed wins, everything else yields to a cancel request.
-- ARGV: 2 id 3 fence 4 boot 5 outcome: completed, failed, cancelled, retry, defer or release;
--       then pairs of name and value: took_ms, reason, error, result, caveat, why, delay_ms
local h = head(ARGV[2])
if not h then return {'refused', '', 0} end
if not is_held_by(h, ARGV[3], ARGV[4]) then return {'refused', h.status, tonumber(h.fence)} end
local outcome, said = ARGV[5], {}
for i = 6, #ARGV, 2 do said[ARGV[i]] = ARGV[i + 1] end

local over
if outcome == 'completed' then
  over = {status = 'completed', result = said.result}
elseif h.cancel_at_ms or outcome == 'cancelled' then
  over = {status = 'cancelled', error = said.error}
elseif outcome == 'failed' then
  over = {status = 'failed', reason = said.reason, error = said.error, result = said.result}
elseif outcome == 'retry' and not has_tries_left(h) then
  over = {status = 'failed', reason = 'attempts_exhausted', error = said.error}
end
if over then
  over.took_ms, over.caveat = said.took_ms, said.caveat
  finish_op(h, over)
  return {'recorded', over.status}
end

redis.call('HSET', op(h.id), 'status', 'pending')
redis.call('HDEL', op(h.id), 'worker', 'lease_until_ms')
redis.call('ZREM', P .. 'leases', h.id)
relist(h, 'pending')
if outcome == 'retry' then
  record(h, 'retry_scheduled', said.error)
  redis.call('HSET', op(h.id), 'error', said.error)
else                                -- the try is given back, the fence is not
  record(h, outcome == 'defer' and 'deferred' or 'released', said.why)
  redis.call('HINCRBY', op(h.id), 'tries', -1)
  if said.why then redis.call('HSET', op(h.id), 'waits_for', said.why) end
end
if said.delay_ms then               -- the sweep writes its message when it is due
  redis.call('ZADD', P .. 'delayed', now + tonumber(said.delay_ms), h.id)
else
  post_job(h)
end
tell_changed(h.id)
return {'recorded', 'pending'}
