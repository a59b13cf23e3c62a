-- Events are published: forget them, and read what the group is now.
-- KEYS[1] N:{b}:g   KEYS[2] N:{b}:o
-- ARGV[1] record id the group lives under   ARGV[2], … outbox fields
-- Returns the group's value; the caller publishes again where it is not the one it published.
if #ARGV > 1 then redis.call('HDEL', KEYS[2], unpack(ARGV, 2)) end
return redis.call('HGET', KEYS[1], ARGV[1])
