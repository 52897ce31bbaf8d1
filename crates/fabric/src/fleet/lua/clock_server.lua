-- Unix milliseconds by the server's clock, never by a client's: leases of many machines are compared here.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
