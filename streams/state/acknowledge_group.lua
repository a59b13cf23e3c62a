-- Acknowledge published events: remove them if the group is still as it was published, and read the group as it is now.
-- KEYS[1] N:{b}:g hash, record id -> group   KEYS[2] N:{b}:o outbox, hash, cluster id:revision -> event
-- ARGV[1] record id the group is stored under   ARGV[2] value that was published   ARGV[3], … outbox fields
-- Returns the group's value; where another worker changed it the events stay, and the caller publishes the state again.
local now = redis.call('HGET', KEYS[1], ARGV[1])
if now == ARGV[2] and #ARGV > 2 then redis.call('HDEL', KEYS[2], unpack(ARGV, 3)) end
return now
