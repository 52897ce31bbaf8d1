-- Records of ticks: of each schedule their times in order, and `moves record` by time; and what is open of all schedules.
local function times_of(schedule) return P .. 'occurrences:' .. schedule end
local function records_of(schedule) return P .. 'occurrence:' .. schedule end
local OPEN = P .. 'occurrences:open'

local function keep(schedule, at, is_open, moves, record)
  redis.call('HSET', records_of(schedule), at, moves .. ' ' .. record)
  if is_open == '1' then redis.call('ZADD', OPEN, at, schedule .. ' ' .. at)
  else redis.call('ZREM', OPEN, schedule .. ' ' .. at) end
end

-- Writes a record, unless there is one; whether there was none.
local function write(schedule, at, is_open, moves, record)
  if redis.call('ZADD', times_of(schedule), 'NX', at, at) == 0 then return 0 end
  keep(schedule, at, is_open, moves, record)
  return 1
end
