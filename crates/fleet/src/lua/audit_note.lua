-- Writes an action down; its number. The list only grows: its length is the number.
-- ARGV: 2 action
return {redis.call('RPUSH', P .. 'audit', now_text .. ' ' .. ARGV[2])}
