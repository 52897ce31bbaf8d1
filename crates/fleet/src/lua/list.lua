-- A part of a list, newest first unless said otherwise.
-- ARGV: 2 offset 3 limit 4 root or '' 5 statuses (or dead) and 6 kinds wanted, 7 kinds there are, commas around each word
--       8 campaign or '' 9 only what is older than this order number, or '' 10 '1' for the oldest first
local offset, limit, root = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local of_campaign = ARGV[8] ~= '' and '@' .. ARGV[8] or ''
local newest = ARGV[9] ~= '' and '(' .. ARGV[9] or '+inf'
local is_oldest_first = ARGV[10] == '1'

local function list_of(status, kind) return P .. 'idx:' .. status .. ':' .. kind .. of_campaign end

-- The lists that hold what is wanted, and how many rows that is.
local function wanted_lists()
  local lists, total = {}, 0
  for status in string.gmatch(ARGV[5], '[^,]+') do
    for kind in string.gmatch(ARGV[6], '[^,]+') do
      local n = redis.call('ZCARD', list_of(status, kind))
      if n > 0 then lists[#lists + 1] = list_of(status, kind); total = total + n end
    end
  end
  return lists, total
end

-- The order number of the n-th newest row of all lists together: found by halving, so that a late page costs no more
-- than an early one.
local function nth_newest(lists, n)
  local low, high = 1, tonumber(redis.call('GET', P .. 'seq'))
  while low < high do
    local middle, newer = math.ceil((low + high) / 2), 0
    for _, list in ipairs(lists) do newer = newer + redis.call('ZCOUNT', list, middle, '+inf') end
    if newer >= n then low = middle else high = middle - 1 end
  end
  return low
end

-- Puts the rows of several lists in order, and keeps as many as are wanted.
local function in_order(rows, skipped)
  if is_oldest_first then table.sort(rows, function(a, b) return a[2] < b[2] end)
  else table.sort(rows, function(a, b) return a[2] > b[2] end) end
  local kept = {}
  for i = skipped + 1, math.min(skipped + limit, #rows) do kept[#kept + 1] = rows[i] end
  return kept
end

-- Of each list as many rows as are wanted in all, from one end on.
local function from_end(lists)
  local rows = {}
  for _, list in ipairs(lists) do
    local found
    if is_oldest_first then found = redis.call('ZRANGEBYSCORE', list, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, offset + limit)
    else found = redis.call('ZREVRANGEBYSCORE', list, newest, '-inf', 'WITHSCORES', 'LIMIT', 0, limit) end
    for i = 1, #found, 2 do rows[#rows + 1] = {found[i], tonumber(found[i + 1])} end
  end
  return in_order(rows, is_oldest_first and offset or 0)
end

local function page_of(lists, total)
  if offset == 0 or is_oldest_first then return from_end(lists) end
  if offset >= total then return {} end
  newest = nth_newest(lists, offset + 1)
  return from_end(lists)
end

-- Whether a row is in a list that is wanted.
local function is_wanted(id, kind)
  if not string.find(ARGV[6], ',' .. kind .. ',', 1, true) then return false end
  for status in string.gmatch(ARGV[5], '[^,]+') do
    if redis.call('ZSCORE', list_of(status, kind), id) then return true end
  end
  return false
end

-- A root has few children: all are looked at.
local function children_page()
  local rows, total = {}, 0
  local found = redis.call('ZREVRANGE', P .. 'children:' .. root, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local id, seq = found[i], tonumber(found[i + 1])
    if is_wanted(id, redis.call('HGET', P .. 'op:' .. id, 'kind')) then
      total = total + 1
      if ARGV[9] == '' or seq < tonumber(ARGV[9]) then rows[#rows + 1] = {id, seq} end
    end
  end
  return in_order(rows, offset), total
end

local rows, total
if root ~= '' then
  rows, total = children_page()
else
  local lists
  lists, total = wanted_lists()
  rows = page_of(lists, total)
end
local active = 0
for _, status in ipairs({'pending', 'running'}) do
  for kind in string.gmatch(ARGV[7], '[^,]+') do active = active + redis.call('ZCARD', P .. 'idx:' .. status .. ':' .. kind) end
end
local operations, positions = {}, {}
for i, row in ipairs(rows) do operations[i], positions[i] = redis.call('HMGET', P .. 'op:' .. row[1], unpack(SUMMARY)), row[2] end
return {total, active, operations, now, positions}
