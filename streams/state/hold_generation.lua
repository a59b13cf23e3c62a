-- Acquire the rebuild lock of an index version, or renew it; while `closing` is set, workers stay out.
-- KEYS[1] N:meta hash, name -> value (`streams/state/fence.py`)
-- ARGV[1] token of this rebuild   ARGV[2] name of the next version   ARGV[3] ms the lock lasts without a renewal
-- ARGV[4] '1': acquire, '0': renew   ARGV[5] '1': keep workers out
-- ARGV[6] ms without a renewal after which a worker's lease is void
-- Returns {'held', number of workers inside}, or why this rebuild has no lock:
--         {'successor', to}  {'other', to}  {'busy', ms left}  {'lost', ''}
local key = KEYS[1]
local successor = redis.call('HGET', key, 'successor')
if successor then return {'successor', successor} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local to = redis.call('HGET', key, 'rebuilding')
if to and to ~= ARGV[2] then return {'other', to} end
local mine = redis.call('HGET', key, 'holder') == ARGV[1]
local left = tonumber(redis.call('HGET', key, 'held_until') or 0) - now
if not mine and left > 0 then return {'busy', string.format('%.0f', left)} end
if ARGV[4] == '0' and (not mine or left <= 0) then return {'lost', ''} end
redis.call('HSET', key, 'rebuilding', ARGV[2], 'holder', ARGV[1], 'held_until', string.format('%.0f', now + ARGV[3]))
if ARGV[5] == '1' then redis.call('HSET', key, 'closing', ARGV[2]) else redis.call('HDEL', key, 'closing') end
local inside, all = 0, redis.call('HGETALL', key)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 7) == 'worker:' then
    if tonumber(all[i + 1]) + ARGV[6] < now then redis.call('HDEL', key, all[i]) else inside = inside + 1 end
  end
end
return {'held', tostring(inside)}
