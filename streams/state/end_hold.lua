-- Release the rebuild lock: workers move to the next version, or continue on this one.
-- KEYS[1] N:meta hash, name -> value (`streams/state/fence.py`)
-- ARGV[1] token of this rebuild   ARGV[2] 'switch', 'release' (to be resumed) or 'abort'
-- ARGV[3] replication ids of the servers that it knows, '' for any
-- Returns 1, or 0 where this rebuild has lost the lock (for a switch: where workers may be inside); an error where the server
-- has another id: it may have lost a part of the next version in a failover.
if unknown(ARGV[3]) then return redis.error_reply('FORGOTTEN the new generation may have gaps') end
local key = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HGET', key, 'holder') ~= ARGV[1] then return 0 end
if ARGV[2] == 'switch' then
  local to = redis.call('HGET', key, 'closing')
  if not to or tonumber(redis.call('HGET', key, 'held_until')) < now then return 0 end
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 7) == 'worker:' then return 0 end
  end
  redis.call('HSET', key, 'successor', to)
end
redis.call('HDEL', key, 'closing', 'holder', 'held_until')
if ARGV[2] ~= 'release' then redis.call('HDEL', key, 'rebuilding') end
return 1
