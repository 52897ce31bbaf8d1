-- Rows that are older than campaigns, or were changed by a program that is: they are listed and counted as what they are.
-- Bit by bit, by the sweeps; each process begins anew with its first one.

local function lists_of_roots(from, limit)
  local rows = {}
  for _, status in ipairs({'pending', 'running', 'completed', 'failed', 'cancelled'}) do
    for kind in string.gmatch(ROOT_KINDS, '[^,]+') do
      local found = redis.call('ZRANGEBYSCORE', list_of(status, kind), '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
      for i = 1, #found, 2 do rows[#rows + 1] = {found[i], tonumber(found[i + 1])} end
    end
  end
  table.sort(rows, function(a, b) return a[2] < b[2] end)
  return rows
end

-- The lists of the campaign say of a row what its own fields say.
local function list_again(h)
  if redis.call('ZSCORE', list_of(h.status, h.kind, h.campaign), h.id) then return end
  for _, status in ipairs({'pending', 'running', 'completed', 'failed', 'cancelled'}) do
    redis.call('ZREM', list_of(status, h.kind, h.campaign), h.id)
  end
  redis.call('ZADD', list_of(h.status, h.kind, h.campaign), h.seq, h.id)
  if redis.call('ZSCORE', list_of('dead', h.kind), h.id) then enlist(h, 'dead') end
end

local function count_again(h)
  if h.counted and string.match(h.counted, '^[^\n]+') == h.status then return end
  local reason, error = unpack(redis.call('HMGET', op(h.id), 'reason', 'error'))
  local stopped_by = error and string.match(error, ' gate failed: ([%w_]+)')
  count_cycle(h, outcome_of(h, {status = h.status, reason = reason or 'error', stopped_by = stopped_by}))
end

-- The campaign of a root that has none, by its specification.
local function campaign_in(h)
  local is_json, spec = pcall(cjson.decode, redis.call('HGET', op(h.id), 'spec') or '')
  local name = is_json and type(spec) == 'table' and spec.campaign
  return type(name) == 'string' and #name <= 64 and string.match(name, '^[a-z0-9][a-z0-9_-]*$')
end

local function join(h, name)
  if h.campaign or not name then return end
  h.campaign = name
  redis.call('HSET', op(h.id), 'campaign', name)
  if h.lane then
    open_campaign(name, h.seq, redis.call('HGET', op(h.id), 'created_at_ms'))
    redis.call('HINCRBY', campaign(name), 'cycles', 1)
  end
end

local function adopt(root)
  join(root, campaign_in(root))
  if not root.campaign then return end
  list_again(root)
  count_again(root)
  for _, id in ipairs(redis.call('ZRANGE', P .. 'children:' .. root.id, 0, -1)) do
    local child = head(id)
    if child then
      join(child, root.campaign)
      list_again(child)
    end
  end
end

local function adopt_some(is_first_sweep, limit)
  local from = redis.call('GET', P .. 'adopted')
  if is_first_sweep or not from then from = '0' end
  if from == 'all' then return end
  local roots = lists_of_roots(from, limit)
  for i = 1, math.min(#roots, limit) do
    local h = head(roots[i][1])
    if h then adopt(h) end
    from = string.format('%.0f', roots[i][2])
  end
  redis.call('SET', P .. 'adopted', #roots == 0 and 'all' or from)
end
