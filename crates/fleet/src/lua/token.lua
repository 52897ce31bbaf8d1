-- Tokens that are in force, of an id or all: `created expires token`.
-- ARGV: 2 id or ''
local tokens, found = P .. 'tokens', {}
local ids = {ARGV[2]}
if ARGV[2] == '' then ids = redis.call('ZRANGEBYSCORE', P .. 'tokens:end', '(' .. now_text, '+inf') end
for _, id in ipairs(ids) do
  local kept = redis.call('HGET', tokens, id)
  local ends = redis.call('ZSCORE', P .. 'tokens:end', id)
  if kept and ends and tonumber(ends) > now then found[#found + 1] = kept end
end
return found
