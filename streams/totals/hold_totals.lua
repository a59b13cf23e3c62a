-- Take the lease on the totals, or renew it.
-- KEYS[1] namespace:totals hash (`streams/totals/snapshot.py`)
-- ARGV[1] token of the caller   ARGV[2] ms that the lease lasts
-- Returns {1, value or ''}: the caller has the lease   {0, ''}: another process has it
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder and holder ~= ARGV[1] and tonumber(redis.call('HGET', KEYS[1], 'until') or 0) >= now then
  return {0, ''}
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
return {1, redis.call('HGET', KEYS[1], 'value') or ''}
