-- Store how far partitions are handled, unless the server may have lost writes in a failover since the caller last read its id.
-- KEYS[1] N:p or N:{t}:p hash, topic:partition -> next offset to handle, @ + replication id -> ms when last stored,
--         @state: + id of the state -> 0
-- ARGV[1] the replication id the caller knows   ARGV[2] the id of the state, '' for any
-- ARGV[3], [4], [5], … of each step: field, where it begins, where it ends
-- Returns {replication id now, 1 or 0: the state is there, position before each step, …}. The script stores a step only if the
-- state is there, the replication id is the known one and the stored position is not before the beginning of the step; a
-- stored position never becomes smaller.
local id = history()
local there = ARGV[2] == '' and 1 or redis.call('HEXISTS', KEYS[1], '@state:' .. ARGV[2])
local known = id == ARGV[1] and there == 1
local reply = {id, there}
local marked = false
for i = 3, #ARGV, 3 do
  local position = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
  reply[#reply + 1] = position
  if known and position >= tonumber(ARGV[i + 1]) then
    if tonumber(ARGV[i + 2]) > position then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
    marked = true
  end
end
if marked and id ~= '' then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], '@' .. id, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
end
return reply
