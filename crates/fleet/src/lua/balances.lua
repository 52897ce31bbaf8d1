-- What accounts have paid, set aside and were allowed; first the time.
-- ARGV: 2… their names behind `budget:`
local balances = {now_text}
for i = 2, #ARGV do
  balances[i] = redis.call('HMGET', P .. 'budget:' .. ARGV[i], 'spent_money', 'spent_tokens', 'spent_machine_ms',
    'reserved_money', 'reserved_tokens', 'reserved_machine_ms', 'allowed_money')
end
return balances
