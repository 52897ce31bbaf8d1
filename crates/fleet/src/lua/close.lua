-- Writes down what a campaign came to. Compare-and-set on the cycles of its last closing, and on the length of each sequence.
-- ARGV: 2 campaign 3 cycles when it was closed before 4 cycles 5 closing 6 the cycle that ended last or '',
--       then for each test: sequence number
local name, FROM = ARGV[2] .. ' ' .. ARGV[4], 7
if (redis.call('HGET', P .. 'closed', ARGV[2]) or '0') ~= ARGV[3] then return {'late'} end
for at = FROM, #ARGV, 2 do
  local tests = tonumber(redis.call('HGET', P .. 'sequences', ARGV[at]) or 0)
  if tests + 1 ~= tonumber(ARGV[at + 1]) then return {'late'} end
end
redis.call('HSET', P .. 'closed', ARGV[2], ARGV[4])
for at = FROM, #ARGV, 2 do redis.call('HSET', P .. 'sequences', ARGV[at], ARGV[at + 1]) end
redis.call('HSET', P .. 'closings', name, ARGV[5])
redis.call('RPUSH', P .. 'closings:all', name)
redis.call('RPUSH', P .. 'closings:of:' .. ARGV[2], name)
if ARGV[6] ~= '' then redis.call('PUBLISH', P .. 'changed', ARGV[6]) end
return {'closed'}
