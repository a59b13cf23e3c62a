-- Take the lease on the webhooks or renew it, and write states of endpoints.
-- KEYS[1] namespace:webhooks hash (`streams/webhooks/states.py`)
-- ARGV[1] token of the caller   ARGV[2] ms that the lease lasts, 0: give it back   ARGV[3...] field, value, field, value, ...
-- Returns 2: the lease was taken, and nothing is written, for the states are another process's
--         1: the caller had it, the states are written   0: another process has it, nothing is written
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder ~= ARGV[1] then
  if ARGV[2] == '0' then return 0 end
  if holder and tonumber(redis.call('HGET', KEYS[1], 'until') or 0) >= now then return 0 end
end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], 'holder', 'until')
else
  redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
end
if holder ~= ARGV[1] then return 2 end
for place = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
end
return 1
