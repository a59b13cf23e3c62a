-- What a key of positions holds, and which server answers.
-- KEYS[1] N:p or N:{t}:p
-- Returns {replication id, field, value, …}.
local said = redis.pcall('INFO', 'replication')
local id = type(said) == 'string' and string.match(said, 'master_replid:(%x+)') or ''
local reply = redis.call('HGETALL', KEYS[1])
table.insert(reply, 1, id)
return reply
