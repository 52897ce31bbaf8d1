-- An operation that used up its tries leaves the dead letters. Its row stays as it is.
-- ARGV: 2 id 3 by
local h = head(ARGV[2])
if not h then return {'missing'} end
if h.status ~= 'failed' or redis.call('HGET', op(h.id), 'reason') ~= 'attempts_exhausted' then
  return {'not_dead', h.status}
end
if not delist(h, 'dead') then return {'before'} end
record(h, 'dismissed', ARGV[3])
tell_changed(h.id)
return {'done'}
