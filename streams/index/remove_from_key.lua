-- Take a record out of a blocking key.
-- KEYS[1] N:{kK}:k   ARGV[1] fingerprint, 4 bytes   ARGV[2] record id, 8 bytes
local packed = redis.call('HGET', KEYS[1], ARGV[1])
if not packed then return 0 end
for i = 1, #packed, 12 do
  if string.sub(packed, i, i + 7) == ARGV[2] then
    local rest = string.sub(packed, 1, i - 1) .. string.sub(packed, i + 12)
    if rest == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], rest) end
    return 1
  end
end
return 0
