-- Add a record to blocking keys and return the records that were there before, in one step: of two concurrent inserts
-- under one key the second returns the first. On a Redis Cluster a worker calls it for one key at a time.
-- KEYS    N:{kK}:k of each blocking key: hash, fingerprint -> packed entries
-- ARGV[1] record id, 8 bytes   ARGV[2] signature, 4 bytes   ARGV[3] cap, members kept at most
-- ARGV[4], … fingerprint of each key, 4 bytes
-- Returns for each key the packed entries (id, signature) that were there before. A full key keeps the records with the
-- smallest ids: ids are hashes, so which records are kept does not depend on the order of arrival.
local id, signature, cap = ARGV[1], ARGV[2], 12 * tonumber(ARGV[3])
local entry = id .. signature

local function position_of(packed)
  local at = 1
  while true do
    at = string.find(packed, id, at, true)
    if not at or at % 12 == 1 then return at end
    at = at + 1
  end
end

local function largest(packed)
  local most, position = struct.unpack('>I4', id), nil
  for i = 1, #packed, 12 do
    local other = struct.unpack('>I4', packed, i)
    if other > most then most, position = other, i end
  end
  return position
end

local before = {}
for n, key in ipairs(KEYS) do
  local fingerprint = ARGV[3 + n]
  -- Most keys of a feed are new: one call for them, two for the others.
  local packed = redis.call('HSETNX', key, fingerprint, entry) == 1 and '' or redis.call('HGET', key, fingerprint)
  if packed ~= '' then
    local at = position_of(packed)
    local changed
    if at then
      if string.sub(packed, at + 8, at + 11) ~= signature then
        changed = string.sub(packed, 1, at - 1) .. entry .. string.sub(packed, at + 12)
      end
    elseif #packed < cap then
      changed = packed .. entry
    else
      local out = largest(packed)
      if out then changed = string.sub(packed, 1, out - 1) .. entry .. string.sub(packed, out + 12) end
    end
    if changed then redis.call('HSET', key, fingerprint, changed) end
  end
  before[n] = packed
end
return before
