-- Store groups of one record each where the record has none yet, each with the first event of its cluster, which goes into the
-- outbox; then look whether the record is still as the caller stored it. On a Redis Cluster a worker calls it for one at a time.
-- KEYS of each record: N:{b}:g hash, record id -> group   N:{b}:o outbox, hash, cluster id:revision -> event
--                      N:{b}:r hash, record id -> header + features
-- ARGV[1] replication ids of the servers that the caller knows, '' for any
-- ARGV then for each record: record id, header that the caller stored, group, outbox field, event
-- Returns for each record that has a group already its number, from 1, and 0; for each whose group was stored but which another
-- worker has changed its number and 1. Returns an error where the server has another id: it may have lost groups in a failover
-- whose events are published.
if unknown(ARGV[1]) then return redis.error_reply('FORGOTTEN groups may be missing') end
local found = {}
for n = 1, #KEYS / 3 do
  local k, at = 3 * n, 5 * n - 3
  local id, header, answer = ARGV[at], ARGV[at + 1], nil
  if redis.call('HSETNX', KEYS[k - 2], id, ARGV[at + 2]) == 0 then
    answer = 0
  else
    redis.call('HSET', KEYS[k - 1], ARGV[at + 3], ARGV[at + 4])
    local now = redis.call('HGET', KEYS[k], id)
    if not now or string.sub(now, 1, #header) ~= header then answer = 1 end
  end
  if answer then
    found[#found + 1] = n
    found[#found + 1] = answer
  end
end
return found
