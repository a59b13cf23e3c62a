-- Add records to blocking keys and return the records that were there before, in one step: of two concurrent inserts under one
-- key the second returns the first. On a Redis Cluster a worker calls it for one key of one record at a time.
-- KEYS    N:{kK}:k of each blocking key of each record (key_entries.lua)
-- ARGV[1] cap, members kept at most   ARGV[2] bytes of a fingerprint, 3 or 4
-- ARGV then for each record: record id, 8 bytes; signature, 4 bytes; fingerprints of its keys in one string, each at the end of
-- 4 bytes
-- Returns for each key that had records the number of its record, its number among the keys of the record, both from 1, and the
-- packed entries (id, signature) that were there before. A full key keeps the records with the smallest ids: ids are hashes, so
-- which records are kept does not depend on the order of arrival. The others overflow.
local cap, first = tonumber(ARGV[1]), 5 - tonumber(ARGV[2])

local function largest(packed)
  local most, position = -1, nil
  for at = 1, #packed, ENTRY do
    local number = number_at(packed, at)
    if number > most then most, position = number, at end
  end
  return position
end

-- The overflow with one more entry, in its place; the largest is left out where there are too many.
local function with(overflow, more)
  local low, high, number, most = 0, math.floor(#overflow / ENTRY), number_at(more, 1), OVERFLOW * cap * ENTRY
  if #overflow > most and number >= number_at(overflow, (high - 1) * ENTRY + 1) then return overflow end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if number_at(overflow, middle * ENTRY + 1) < number then low = middle + 1 else high = middle end
  end
  local all = string.sub(overflow, 1, low * ENTRY) .. more .. string.sub(overflow, low * ENTRY + 1)
  return #all < most + ENTRY and all or string.sub(all, 1, most) .. LEFT_OUT
end

local function add_to_full(key, fingerprint, packed, id, entry)
  local kept, out, more = redis.call('HGET', key, fingerprint .. '+'), largest(packed), entry
  if number_at(entry, 1) < number_at(packed, out) then
    more = string.sub(packed, out, out + ENTRY - 1)
    redis.call('HSET', key, fingerprint, replaced(packed, out, entry))
  end
  local overflow = with(without(kept or LEFT_OUT, id), more)
  if overflow ~= kept then redis.call('HSET', key, fingerprint .. '+', overflow) end
end

local before, k = {}, 0
for at = 3, #ARGV, 3 do
  local id, signature, fingerprints = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local whole = id .. signature
  for n = 1, #fingerprints / 4 do
    k = k + 1
    local key, fingerprint = KEYS[k], string.sub(fingerprints, 4 * n - 4 + first, 4 * n)
    set_entry(fingerprint)
    local entry = ENTRY > ID and whole or id
    -- Most keys of a feed are new: one call for them, two for most others.
    if redis.call('HSETNX', key, fingerprint, entry) == 0 then
      local packed = redis.call('HGET', key, fingerprint)
      local found = position_of(packed, id)
      if found then
        if ENTRY > ID and string.sub(packed, found + 8, found + 11) ~= signature then
          redis.call('HSET', key, fingerprint, replaced(packed, found, entry))
        end
      elseif #packed < cap * ENTRY then
        redis.call('HSET', key, fingerprint, packed .. entry)
        if #packed + ENTRY >= cap * ENTRY then redis.call('HSETNX', key, fingerprint .. '+', '') end
      else
        add_to_full(key, fingerprint, packed, id, entry)
      end
      before[#before + 1] = at / 3
      before[#before + 1] = n
      before[#before + 1] = packed
    end
  end
end
return before
