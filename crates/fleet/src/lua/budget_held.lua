-- Calls that something is set aside for, those first whose time is over first.
-- ARGV: 2 how many at most
return redis.call('ZRANGE', P .. 'budget:held', 0, tonumber(ARGV[2]) - 1)
