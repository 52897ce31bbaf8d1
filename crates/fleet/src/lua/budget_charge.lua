-- Pays what was spent already, once.
-- ARGV: 2 call 3 UTC offset, s 4 campaign or '' 5 cycle or '' 6-8 cost
lapse()
if redis.call('EXISTS', call_key(ARGV[2])) == 0 then
  write_call(ARGV[2], today(ARGV[3]), ARGV[4], ARGV[5], {ARGV[6], ARGV[7], ARGV[8]}, 'settled')
  redis.call('PEXPIRE', call_key(ARGV[2]), BUDGET_REMEMBERED_MS)
end
return {'charged'}
