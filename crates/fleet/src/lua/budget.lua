-- Calls that cost something, and the accounts that pay for them. A call is held until it is settled, or until its time is
-- over: then it is taken to have cost what was set aside.
local MEASURES = {'money', 'tokens', 'machine_ms'}

-- The keys of the accounts that pay: the day's, the campaign's, the cycle's.
local function accounts_of(day, campaign, cycle)
  local keys = {P .. 'budget:day:' .. day}
  if campaign ~= '' then keys[#keys + 1] = P .. 'budget:campaign:' .. campaign end
  if cycle ~= '' then keys[#keys + 1] = P .. 'budget:cycle:' .. cycle end
  return keys
end

-- Adds a cost to what every account has `spent` or `reserved`, or takes it back: `sign` is '' or '-'.
local function add(accounts, what, cost, sign)
  for _, account in ipairs(accounts) do
    for i, measure in ipairs(MEASURES) do
      if cost[i] ~= '0' then redis.call('HINCRBY', account, what .. '_' .. measure, sign .. cost[i]) end
    end
    if string.find(account, P .. 'budget:cycle:', 1, true) == 1 then
      redis.call('PEXPIRE', account, BUDGET_REMEMBERED_MS)
    end
  end
end

local function today(utc_offset_s)
  return string.format('%d', math.floor((math.floor(now / 1000) + tonumber(utc_offset_s)) / 86400))
end

local function call_key(call)
  return P .. 'budget:call:' .. call
end

-- Writes a new call down.
local function write_call(call, day, campaign, cycle, cost, state)
  redis.call('HSET', call_key(call), 'state', state, 'day', day, 'campaign', campaign, 'cycle', cycle, 'money', cost[1],
    'tokens', cost[2], 'machine_ms', cost[3])
  add(accounts_of(day, campaign, cycle), state == 'held' and 'reserved' or 'spent', cost, '')
end

-- Pays a call that was held, or puts one right that was paid at its worst case. Without a cost: what was set aside.
local function pay(call, state, cost)
  local key = call_key(call)
  local was = redis.call('HMGET', key, 'state', 'day', 'campaign', 'cycle', 'money', 'tokens', 'machine_ms')
  local accounts, before = accounts_of(was[2], was[3], was[4]), {was[5], was[6], was[7]}
  cost = cost or before
  add(accounts, was[1] == 'held' and 'reserved' or 'spent', before, '-')
  add(accounts, 'spent', cost, '')
  redis.call('HSET', key, 'state', state, 'money', cost[1], 'tokens', cost[2], 'machine_ms', cost[3])
  redis.call('PEXPIRE', key, BUDGET_REMEMBERED_MS)
  redis.call('ZREM', P .. 'budget:held', call)
end

-- Pays what was never settled.
local function lapse()
  local over = redis.call('ZRANGEBYSCORE', P .. 'budget:held', '-inf', now_text, 'LIMIT', 0, BUDGET_LAPSED_AT_ONCE)
  for _, call in ipairs(over) do pay(call, 'lapsed') end
  return #over
end
