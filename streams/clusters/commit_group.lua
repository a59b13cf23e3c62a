-- Change a group if nobody changed it since the caller read it, and note its events as owed, in one step.
-- KEYS[1] N:{b}:g   KEYS[2] N:{b}:o
-- ARGV[1] record id the group lives under   ARGV[2] value the caller read, '' for none   ARGV[3] new value
-- ARGV[4], ARGV[5], … pairs of outbox field and event
-- Returns 1 when changed, else 0.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if #ARGV > 3 then redis.call('HSET', KEYS[2], unpack(ARGV, 4)) end
return 1
