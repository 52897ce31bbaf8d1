-- Moves an occurrence on that was not moved since it was read.
-- ARGV: 2 schedule 3 time 4 moves as read 5 open 6 moves 7 record
local kept = redis.call('HGET', records_of(ARGV[2]), ARGV[3])
if not kept or string.match(kept, '^%d+') ~= ARGV[4] then return {0} end
keep(ARGV[2], ARGV[3], ARGV[5], ARGV[6], ARGV[7])
return {1}
