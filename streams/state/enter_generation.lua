-- Register a worker on an index version, or renew its lease.
-- KEYS[1] N:meta hash, name -> value (`streams/state/fence.py`)
-- ARGV[1] the worker's id   ARGV[2] ms without a renewal after which a worker's lease is void
-- Returns {'open', ''}: the worker is inside and may work   {'closing', to}: inside, it ends what it does and leaves
--         {'closed', to}: outside, it waits                 {'successor', to}: outside permanently, it moves to the version `to`
local field = 'worker:' .. ARGV[1]
local successor = redis.call('HGET', KEYS[1], 'successor')
if successor then
  redis.call('HDEL', KEYS[1], field)
  return {'successor', successor}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local closing = redis.call('HGET', KEYS[1], 'closing')
-- A rebuild that died keeps workers out no longer than its lock lasts.
if closing and tonumber(redis.call('HGET', KEYS[1], 'held_until') or 0) < now then closing = false end
if redis.call('HEXISTS', KEYS[1], field) == 0 then
  if closing then return {'closed', closing} end
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 7) == 'worker:' and tonumber(all[i + 1]) + ARGV[2] < now then
      redis.call('HDEL', KEYS[1], all[i])
    end
  end
end
redis.call('HSET', KEYS[1], field, string.format('%.0f', now))
if closing then return {'closing', closing} end
return {'open', ''}
