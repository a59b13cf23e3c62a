-- Read all positions under a key, and which server answers.
-- KEYS[1] N:p or N:{t}:p
-- Returns {replication id, field, value, …}.
local reply = redis.call('HGETALL', KEYS[1])
table.insert(reply, 1, history())
return reply
