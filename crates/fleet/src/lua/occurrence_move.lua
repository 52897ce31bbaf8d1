-- Moves an occurrence on that was moved one time less so far.
-- ARGV: 2 schedule 3 time 4 open 5 moves 6 record
local kept = redis.call('HGET', records_of(ARGV[2]), ARGV[3])
if not kept or tonumber(string.match(kept, '^%d+')) ~= ARGV[5] - 1 then return {0} end
keep(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return {1}
