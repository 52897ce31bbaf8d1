-- Moves a research cycle, once per (root, phase), on what the child's row says. Compare-and-set on (root running, phase,
-- waiting for this child); the event that woke the caller is only a hint.
-- ARGV: 2 root 3 finished child 4 expected phase 5 to: phase, completed or failed;
--       phase: 6 phase, child: 7 id 8 kind 9 queue 10 spec 11 about 12 tries_max 13 priority
--       completed: 6 result          failed: 6 reason 7 error 8 result 9 stopped by
local h = head(ARGV[2])
if not h or h.status ~= 'running' or h.waiting ~= ARGV[3] or h.phase ~= ARGV[4] then return {'stale'} end
local child = head(ARGV[3])
if not child then return {'childless'} end
if not is_terminal(child.status) then return {'early'} end

local to, over = ARGV[5], nil
if h.cancel_at_ms then
  over = {status = 'cancelled'}
elseif child.status == 'cancelled' then
  over = {status = 'cancelled', error = child.id .. ' was cancelled'}
elseif to == 'failed' then
  over = {status = 'failed', reason = ARGV[6], error = ARGV[7], result = ARGV[8], stopped_by = ARGV[9]}
elseif child.status ~= 'completed' then
  return {'mismatch', child.status}
elseif to == 'completed' then
  over = {status = 'completed', result = ARGV[6]}
end
if over then
  finish_op(h, over)
  return {'closed', over.status}
end

if redis.call('EXISTS', op(ARGV[7])) == 1 then return {'taken', ARGV[7]} end
redis.call('HSET', op(h.id), 'phase', ARGV[6], 'waiting', ARGV[7])
name_after(h.id, ARGV[11])
redis.call('ZADD', P .. 'roots', now, h.id)
record(h, 'advanced', ARGV[6])
insert_leaf({id = ARGV[7], kind = ARGV[8], queue = ARGV[9], spec = ARGV[10], about = ARGV[11], tries_max = ARGV[12],
  priority = ARGV[13], root = h.id, campaign = h.campaign})
tell_changed(h.id)
return {'next', ARGV[7]}
