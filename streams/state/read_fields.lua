-- Read one field of each of many hashes.
-- KEYS    the hashes   ARGV a field of each
-- Returns the value of each, nil where there is none.
local values = {}
for n, key in ipairs(KEYS) do values[n] = redis.call('HGET', key, ARGV[n]) end
return values
