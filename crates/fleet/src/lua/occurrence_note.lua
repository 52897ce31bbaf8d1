-- Writes down an occurrence that somebody asked for, unless there is one at that time.
-- ARGV: 2 schedule 3 time 4 open 5 moves 6 record
return {write(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])}
