-- Write the verdict on a correction, once and permanently, if no worker wrote another verdict since the caller read them all.
-- KEYS[1] N:c hash, correction id -> verdict
-- ARGV[1] id of the correction   ARGV[2] number of verdicts the caller read   ARGV[3] the verdict
-- ARGV[4] replication ids of the servers that the caller knows, '' for any
-- Returns false when written, the verdict written before where there is one, '' where other workers wrote verdicts meanwhile;
-- an error where the server has another id: it may have lost verdicts in a failover, and those must be written before this one.
if unknown(ARGV[4]) then return redis.error_reply('FORGOTTEN verdicts may be missing') end
local written = redis.call('HGET', KEYS[1], ARGV[1])
if written then return written end
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[2]) then return '' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return false
