-- Unix milliseconds by the server's clock, never by a client's: leases of many machines are compared here. To count with,
-- and as text to write: turning a number into text again and again costs as much as small commands do.
local time = redis.call('TIME')
local now_text = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
local now = tonumber(now_text)
