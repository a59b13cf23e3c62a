-- Store a record if it is still as the caller read it.
-- KEYS[1] N:{b}:r hash, record id -> header + features   KEYS[2] N:{b}:d hash, record id -> record for documents
-- ARGV[1] record id, 8 bytes
-- ARGV[2] header the caller read, 21 to 37 bytes by bits of its first, or '' for none
-- ARGV[3] new header + features
-- ARGV[4] new record for documents, or '' to remove it; left out to leave it
-- Returns false when stored, else the value that is stored.
local old = redis.call('HGET', KEYS[1], ARGV[1])
local same = old and ARGV[2] ~= '' and string.sub(old, 1, #ARGV[2]) == ARGV[2]
if not same and (old or ARGV[2] ~= '') then return old or '' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if not ARGV[4] then return false end
if ARGV[4] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[4]) end
return false
