-- Remove a record from blocking keys. On a Redis Cluster a worker calls it for one key at a time.
-- KEYS    N:{kK}:k of each blocking key: hash, fingerprint -> packed entries
-- ARGV[1] record id, 8 bytes   ARGV[2], … fingerprint of each key, 4 bytes
-- Returns the number of keys.
for n, key in ipairs(KEYS) do
  local fingerprint = ARGV[1 + n]
  local packed = redis.call('HGET', key, fingerprint)
  for i = 1, packed and #packed or 0, 12 do
    if string.sub(packed, i, i + 7) == ARGV[1] then
      local rest = string.sub(packed, 1, i - 1) .. string.sub(packed, i + 12)
      if rest == '' then redis.call('HDEL', key, fingerprint) else redis.call('HSET', key, fingerprint, rest) end
      break
    end
  end
end
return #KEYS
