-- Pays what a call cost, once.
-- ARGV: 2 call 3-5 cost
lapse()
local state = redis.call('HGET', call_key(ARGV[2]), 'state')
if not state then return {'unknown'} end
if state ~= 'settled' then pay(ARGV[2], 'settled', {ARGV[3], ARGV[4], ARGV[5]}) end
return {'settled'}
