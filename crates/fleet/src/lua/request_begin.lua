-- Has a key stand for a request, unless it stands for one already; what is known of it. Some whose time is over are removed.
-- ARGV: 2 key 3 request 4 lasts, milliseconds 5 most to remove
local ends = P .. 'requests:end'
local function forget(key)
  redis.call('DEL', P .. 'request:' .. key)
  redis.call('ZREM', ends, key)
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now_text, 'LIMIT', 0, ARGV[5])) do forget(key) end
local until_ms = redis.call('ZSCORE', ends, ARGV[2])
if until_ms and tonumber(until_ms) <= now then forget(ARGV[2]) end
local kept = P .. 'request:' .. ARGV[2]
if redis.call('HSETNX', kept, 'request', ARGV[3]) == 1 then
  redis.call('HSET', kept, 'at_ms', now_text, 'newest', redis.call('GET', P .. 'seq') or '0')
  redis.call('ZADD', ends, string.format('%.0f', now + tonumber(ARGV[4])), ARGV[2])
end
local request, at_ms, newest, answer = unpack(redis.call('HMGET', kept, 'request', 'at_ms', 'newest', 'answer'))
if request ~= ARGV[3] then return {'taken'} end
if answer then return {'answered', answer} end
return {'unanswered', at_ms, newest}
