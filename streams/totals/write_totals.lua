-- Write the totals and renew the lease, unless another process has taken it or the totals were replaced.
-- KEYS[1] namespace:totals hash (`streams/totals/snapshot.py`)
-- ARGV[1] token of the caller   ARGV[2] ms that the lease lasts, 0: give it back   ARGV[3] the value
-- Returns 1, or 0 where the caller is no longer the holder. A lease that has expired and that no process has taken since is
-- still the caller's: the value is the one that it wrote last.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], 'holder', 'until')
  redis.call('HSET', KEYS[1], 'value', ARGV[3])
else
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 'value', ARGV[3], 'until', string.format('%.0f', now + ARGV[2]))
end
return 1
