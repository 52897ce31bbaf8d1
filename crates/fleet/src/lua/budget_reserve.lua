-- Sets the worst case of a call aside, unless a limit would be passed.
-- ARGV: 2 call 3 UTC offset, s 4 campaign or '' 5 cycle or '' 6-8 worst case 9 for how long, ms
--       10-12 limits of every day 13-15 of every campaign 16-18 of every cycle, '' for none
lapse()
local call, campaign, cycle = ARGV[2], ARGV[4], ARGV[5]
local state = redis.call('HGET', call_key(call), 'state')
if state then return {state == 'held' and 'granted' or 'over'} end
local day, worst = today(ARGV[3]), {ARGV[6], ARGV[7], ARGV[8]}
local payers = {{'day', day, 10}, {'campaign', campaign, 13}, {'cycle', cycle, 16}}
for _, payer in ipairs(payers) do
  local scope, name, limits = payer[1], payer[2], payer[3]
  for i, measure in ipairs(MEASURES) do
    if name ~= '' and worst[i] ~= '0' then
      local account = P .. 'budget:' .. scope .. ':' .. name
      local paid = redis.call('HMGET', account, 'spent_' .. measure, 'reserved_' .. measure, 'allowed_' .. measure)
      local spent, reserved, limit = paid[1] or '0', paid[2] or '0', paid[3] or ARGV[limits + i - 1]
      if limit ~= '' and tonumber(spent) + tonumber(reserved) + tonumber(worst[i]) > tonumber(limit) then
        return {'refused', scope, day, measure, limit, spent, reserved, worst[i]}
      end
    end
  end
end
write_call(call, day, campaign, cycle, worst, 'held')
redis.call('ZADD', P .. 'budget:held', string.format('%.0f', now + tonumber(ARGV[9])), call)
return {'granted'}
