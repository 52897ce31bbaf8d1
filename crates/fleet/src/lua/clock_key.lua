-- Unix milliseconds as the tests have set them, to count with and as text to write.
local now_text = redis.call('GET', P .. 'clock')
local now = tonumber(now_text)
