-- Add clusters to the republication queue.
-- KEYS[1] N:l sorted set, step + cluster key -> ms when due
-- ARGV[1] ms until a worker publishes their states again   ARGV[2], … members
-- Returns the number of members.
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], due, ARGV[i]) end
return #ARGV - 1
