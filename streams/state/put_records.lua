-- Store records, each if it is still as the caller read it. On a Redis Cluster a worker calls it for one record at a time.
-- KEYS of each record: N:{b}:r hash, record id -> header + features   N:{b}:d hash, record id -> record for documents
-- ARGV for each record: record id, 8 bytes
--                       header the caller read, 21 to 37 bytes by bits of its first, or '' for none
--                       new header + features
--                       new record for documents, '' to remove it, or '-' to leave it
-- Returns for each record that was not stored its number, from 1, and the value that is stored, '' for none.
local refused = {}
for n = 1, #KEYS / 2 do
  local records, documents, at = KEYS[2 * n - 1], KEYS[2 * n], 4 * n - 3
  local id, before, document = ARGV[at], ARGV[at + 1], ARGV[at + 3]
  local same, old
  if before == '' then
    -- Most records of a feed are new: one call for them.
    same = redis.call('HSETNX', records, id, ARGV[at + 2]) == 1
    old = not same and redis.call('HGET', records, id)
  else
    old = redis.call('HGET', records, id)
    same = old and string.sub(old, 1, #before) == before
    if same then redis.call('HSET', records, id, ARGV[at + 2]) end
  end
  if not same then
    refused[#refused + 1] = n
    refused[#refused + 1] = old or ''
  elseif document == '' then
    redis.call('HDEL', documents, id)
  elseif document ~= '-' then
    redis.call('HSET', documents, id, document)
  end
end
return refused
