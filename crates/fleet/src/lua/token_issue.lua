-- Puts a token in force. What expired is removed first, so that there are never many.
-- ARGV: 2 id 3 token 4 lasts, milliseconds 5 most in force
local tokens, ends = P .. 'tokens', P .. 'tokens:end'
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now_text)) do
  redis.call('HDEL', tokens, id)
  redis.call('ZREM', ends, id)
end
if redis.call('HEXISTS', tokens, ARGV[2]) == 1 then return {'taken'} end
if redis.call('ZCARD', ends) >= tonumber(ARGV[5]) then return {'too_many'} end
local until_text = string.format('%.0f', now + tonumber(ARGV[4]))
redis.call('HSET', tokens, ARGV[2], now_text .. ' ' .. until_text .. ' ' .. ARGV[3])
redis.call('ZADD', ends, until_text, ARGV[2])
return {'until', until_text}
