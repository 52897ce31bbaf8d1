-- Allows a campaign so much money, whatever every campaign may spend.
-- ARGV: 2 campaign 3 money
redis.call('HSET', P .. 'budget:campaign:' .. ARGV[2], 'allowed_money', ARGV[3])
return {'allowed'}
