-- Unix milliseconds as the tests have set them.
local now = tonumber(redis.call('GET', P .. 'clock'))
