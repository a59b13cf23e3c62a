-- Remove a record from blocking keys; records of the overflow move into its room. On a Redis Cluster a worker calls it for one
-- key at a time.
-- KEYS    N:{kK}:k of each blocking key (key_entries.lua)
-- ARGV[1] record id, 8 bytes   ARGV[2] cap, members kept at most   ARGV[3], … fingerprint of each key
-- Returns the number of keys.
local id, cap = ARGV[1], tonumber(ARGV[2])

local function store(key, field, value, kept)
  if value then
    if value ~= kept then redis.call('HSET', key, field, value) end
  elseif kept then
    redis.call('HDEL', key, field)
  end
end

for n, key in ipairs(KEYS) do
  local field, more = ARGV[2 + n], ARGV[2 + n] .. '+'
  set_entry(field)
  local kept = redis.call('HMGET', key, field, more)
  local packed = kept[1] or ''
  local overflow = without(kept[2] or (#packed < cap * ENTRY and '' or LEFT_OUT), id)
  packed = without(packed, id)
  local moved = math.max(math.min(cap - #packed / ENTRY, math.floor(#overflow / ENTRY)), 0) * ENTRY
  packed, overflow = packed .. string.sub(overflow, 1, moved), string.sub(overflow, moved + 1)
  store(key, field, packed ~= '' and packed, kept[1])
  store(key, more, (overflow ~= '' or #packed >= cap * ENTRY) and overflow, kept[2])
end
return #KEYS
