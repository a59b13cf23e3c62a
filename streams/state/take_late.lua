-- Take from the republication queue the clusters that are due, and schedule each for its next time.
-- KEYS[1] N:l sorted set, step + cluster key -> ms when due
-- ARGV[1] how many at most   ARGV[2] ms until another worker takes a cluster whose last publication is not acknowledged
-- ARGV[3], … ms until step 1, 2, …
-- Returns the members taken, as they were.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(taken) do
  local step = string.byte(member)
  local pause = ARGV[3 + step]
  if pause then
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZADD', KEYS[1], now + pause, string.char(step + 1) .. string.sub(member, 2))
  else
    redis.call('ZADD', KEYS[1], now + ARGV[2], member)
  end
end
return taken
