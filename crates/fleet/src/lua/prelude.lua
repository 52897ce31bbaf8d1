-- What every script begins with. KEYS[1] is the prefix, such as {ktrdr}: and every key starts with it (one hash tag,
-- so that all of them live in one slot). ARGV[1] is the epoch that the caller met when it connected.
local P = KEYS[1]
if redis.call('GET', P .. 'epoch') ~= ARGV[1] then
  return redis.error_reply('EMPTIED its epoch is not the one this connection began with')
end
