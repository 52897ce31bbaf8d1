-- The oldest entries from a start on: position, then an event's fields, or a job's with what its row says.
-- ARGV: 2 start 3 limit
local found = {}
for _, entry in ipairs(redis.call('XRANGE', P .. 'outbox', ARGV[2], '+', 'COUNT', ARGV[3])) do
  local position, fields = entry[1], entry[2]
  if fields[1] == 'job' then
    local row = redis.call('HMGET', P .. 'op:' .. fields[2], 'kind', 'root', 'priority', 'spec')
    fields = {'job', fields[2], 'kind', row[1], 'root', row[2] or '', 'priority', row[3], 'spec', row[4]}
  end
  found[#found + 1] = {position, fields}
end
return found
