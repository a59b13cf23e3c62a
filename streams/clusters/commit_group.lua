-- Change a group if nobody changed it since the caller read it, and note its events as owed, in one step.
-- KEYS[1] N:{b}:g   KEYS[2] N:{b}:o
-- ARGV[1] record id the group lives under   ARGV[2] value the caller read, '' for none   ARGV[3] new value
-- ARGV[4] replication ids of the servers that the caller knows, '' for any   ARGV[5], [6], … pairs of outbox field and event
-- Returns 1 when changed, else 0; an error where the server has another id: it may have forgotten what subscribers were told.
if ARGV[4] ~= '' then
  local said = redis.pcall('INFO', 'replication')
  local id = type(said) == 'string' and string.match(said, 'master_replid:(%x+)') or ''
  if not string.find(ARGV[4], id, 1, true) then return redis.error_reply('FORGOTTEN groups may be missing') end
end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if #ARGV > 4 then redis.call('HSET', KEYS[2], unpack(ARGV, 5)) end
return 1
