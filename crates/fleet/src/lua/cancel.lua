-- Asks one operation to stop.
-- ARGV: 2 call 3 id 4 by 5 reason
local h = head(ARGV[3])
return h and cancel(h, {call = ARGV[2], by = ARGV[4], reason = ARGV[5]}) or {'missing'}
