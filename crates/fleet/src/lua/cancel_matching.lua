-- Asks a group of operations to stop, one batch of it.
-- ARGV: 2 by 3 reason 4 limit 5 upto, '' in the first batch 6 campaign or '' 7 statuses and 8 kinds, commas around each word
--       9 '1' when all cycles of the campaign are meant 10 within, '' when there is no such bound
local group = {ask = {by = ARGV[2], reason = ARGV[3], call = ''}, limit = tonumber(ARGV[4]), upto = ARGV[5],
  campaign = ARGV[6] ~= '' and ARGV[6] or nil, statuses = ARGV[7], kinds = ARGV[8], whole = ARGV[9] == '1'}
if group.upto == '' then
  group.upto = redis.call('GET', P .. 'seq') or '0'
  if ARGV[10] ~= '' and tonumber(ARGV[10]) < tonumber(group.upto) then group.upto = ARGV[10] end
  if group.whole then hold_lanes(group) end
end
local cancelled, asked, more = cancel_some(group)
return {cancelled, asked, tonumber(group.upto), more and 1 or 0}
