-- What waits in a queue gets another message; those published longest ago first.
-- ARGV: 2 queue 3 age_ms 4 limit
local published = 0
for _, h in ipairs(due(pending_in(ARGV[2]), tonumber(ARGV[3]), ARGV[4], is_pending)) do
  -- A message that is still in the outbox needs no second one.
  if is_in_outbox(h.id, 'job_entry') then
    redis.call('ZADD', pending_in(ARGV[2]), now_text, h.id)
  else
    record_publishing_again(h)
    post_job(h)
    published = published + 1
  end
end
return {published}
