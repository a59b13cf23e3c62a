-- Schedule clusters whose states are to be published again.
-- KEYS[1] N:l
-- ARGV[1] ms until then   ARGV[2], … members
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], due, ARGV[i]) end
return #ARGV - 1
