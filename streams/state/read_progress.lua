-- Read all positions under a key, and the replication id of the server that answers.
-- KEYS[1] N:p or N:{t}:p hash, topic:partition -> next offset to handle, @ + replication id -> ms when last stored,
--         @state: + id of the state -> 0
-- Returns {replication id, field, value, …}.
local reply = redis.call('HGETALL', KEYS[1])
table.insert(reply, 1, history())
return reply
