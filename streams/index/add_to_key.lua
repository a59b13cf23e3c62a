-- Add a record to a blocking key and read who was there before: atomically, so that of two concurrent
-- inserts under one key the second sees the first.
-- KEYS[1] N:{kK}:k
-- ARGV[1] fingerprint, 4 bytes   ARGV[2] record id, 8 bytes   ARGV[3] signature, 4 bytes   ARGV[4] cap, members kept at most
-- Returns the packed entries (id, signature) that were there before. A full key keeps the smallest ids: ids are
-- hashes, so which records are kept does not depend on the order of arrival.
local entry = ARGV[2] .. ARGV[3]
local packed = redis.call('HGET', KEYS[1], ARGV[1])
if not packed then
  redis.call('HSET', KEYS[1], ARGV[1], entry)
  return ''
end
local at = 1
while true do
  at = string.find(packed, ARGV[2], at, true)
  if not at then break end
  if at % 12 == 1 then
    if string.sub(packed, at + 8, at + 11) ~= ARGV[3] then
      redis.call('HSET', KEYS[1], ARGV[1], string.sub(packed, 1, at - 1) .. entry .. string.sub(packed, at + 12))
    end
    return packed
  end
  at = at + 1
end
if #packed < 12 * tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], ARGV[1], packed .. entry)
  return packed
end
local largest, position = struct.unpack('>I4', ARGV[2]), 0
for i = 1, #packed, 12 do
  local id = struct.unpack('>I4', packed, i)
  if id > largest then largest, position = id, i end
end
if position > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.sub(packed, 1, position - 1) .. entry .. string.sub(packed, position + 12))
end
return packed
