-- Records of a schedule up to a time, the latest first.
-- ARGV: 2 schedule 3 up to this time, '+inf' or '(' and a time for before it 4 from this time 5 how many
local times = redis.call('ZRANGE', times_of(ARGV[2]), ARGV[3], ARGV[4], 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[5])
if #times == 0 then return {} end
return redis.call('HMGET', records_of(ARGV[2]), unpack(times))
