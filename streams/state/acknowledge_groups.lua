-- Acknowledge published events: remove those of each group that is still as it was published. On a Redis Cluster a worker calls
-- it for one group at a time.
-- KEYS of each group: N:{b}:g hash, record id -> group   N:{b}:o outbox, hash, cluster id:revision -> event
-- ARGV for each group: record id it is stored under, value that was published, number n of outbox fields, n outbox fields
-- Returns the numbers, from 1, of the groups that another worker changed: their events stay, and the caller publishes their
-- states again.
local changed, at = {}, 1
for n = 1, #KEYS / 2 do
  local last = at + 2 + tonumber(ARGV[at + 2])
  local now = redis.call('HGET', KEYS[2 * n - 1], ARGV[at])
  if (now or '') ~= ARGV[at + 1] then
    changed[#changed + 1] = n
  elseif now and last > at + 2 then
    redis.call('HDEL', KEYS[2 * n], unpack(ARGV, at + 3, last))
  end
  at = last + 1
end
return changed
