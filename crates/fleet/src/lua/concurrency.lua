-- Limits on concurrency: the roots that share a key, by their order. Who has ended counts no more, and is removed by the next
-- submit.
local function holders_of(key) return P .. 'holders:' .. key end

local function goes_on(id)
  local status = redis.call('HGET', P .. 'op:' .. id, 'status')
  return status == 'pending' or status == 'running'
end

-- Who goes on under a key, oldest first.
local function holders(key)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', holders_of(key), 0, -1)) do
    if goes_on(id) then found[#found + 1] = id end
  end
  return found
end

local function forget_ended(key)
  for _, id in ipairs(redis.call('ZRANGE', holders_of(key), 0, -1)) do
    if not goes_on(id) then redis.call('ZREM', holders_of(key), id) end
  end
end
