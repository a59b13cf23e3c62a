-- What the scripts of the key index share; it comes before them. A blocking key has two fields of its bucket:
-- KEYS    those of the script after it, each N:{kK}:k
-- N:{kK}:k  hash: fingerprint      -> packed entries (id of 8 bytes; of a weak key signature of 4 too), at most cap, in the order
--                                     in which they came
--                 fingerprint '+'  -> the overflow of a full key: packed entries by ascending id, at most OVERFLOW times as many,
--                                     then the byte LEFT_OUT where even these were too few; '' where all records had room
-- A full key keeps the smallest ids. A key that has room has no overflow but LEFT_OUT. A full key without the second field was
-- filled by a version that left records out.
-- A fingerprint of 3 bytes says by its highest bit whether the key is weak. One of 4, of format 1, has signatures in any case.
local ENTRY, OVERFLOW, LEFT_OUT = 12, 4, '-'
local ID = 8

local function set_entry(fingerprint)
  ENTRY = (#fingerprint > 3 or string.byte(fingerprint) > 127) and 12 or ID
end

local function number_at(packed, at) return struct.unpack('>I4', packed, at) end

local function position_of(packed, id)
  local at = 1
  while true do
    at = string.find(packed, id, at, true)
    if not at or at % ENTRY == 1 then return at end
    at = at + 1
  end
end

-- The bytes with another entry, or none, in place of the one at a position.
local function replaced(packed, at, entry) return string.sub(packed, 1, at - 1) .. entry .. string.sub(packed, at + ENTRY) end

local function without(packed, id)
  local at = position_of(packed, id)
  return at and replaced(packed, at, '') or packed
end
