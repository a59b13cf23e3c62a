-- Change groups, each if it is still as the caller read it, and put its events into the outbox, in one step. N:{b}:m names a
-- frozen group until a pointer replaces it. On a Redis Cluster a worker calls it for one group at a time.
-- KEYS of each group: N:{b}:g hash, record id -> group   N:{b}:o outbox, hash, cluster id:revision -> event
--                     N:{b}:m set of the ids of frozen groups
-- ARGV[1] replication ids of the servers that the caller knows, '' for any
-- ARGV then for each group: record id it is stored under, value the caller read ('' for none), new value, number n of its
--                           events, n pairs of outbox field and event
-- Returns for each group 1 when changed, else 0; instead of 1, where earlier events of the same clusters are still pending,
-- outbox field and event of each of these. Returns an error where the server has another id: it may have lost
-- groups in a failover whose events are published.
if unknown(ARGV[1]) then return redis.error_reply('FORGOTTEN groups may be missing') end

local function add_owed_before(outbox, field, found)
  local cluster, revision = string.match(field, '^(.*:)(%d+)$')
  while cluster do
    revision = revision - 1
    local event = redis.call('HGET', outbox, cluster .. revision)
    if not event then break end
    found[#found + 1] = cluster .. revision
    found[#found + 1] = event
  end
end

local reply, at = {}, 2
for k = 1, #KEYS, 3 do
  local last = at + 3 + 2 * tonumber(ARGV[at + 3])
  if (redis.call('HGET', KEYS[k], ARGV[at]) or '') == ARGV[at + 1] then
    local kind = string.sub(ARGV[at + 2], 1, 1)
    redis.call('HSET', KEYS[k], ARGV[at], ARGV[at + 2])
    if kind == '~' then
      redis.call('SADD', KEYS[k + 2], ARGV[at])
    elseif kind == '>' then
      redis.call('SREM', KEYS[k + 2], ARGV[at])
    end
    local before = {}
    for i = at + 4, last, 2 do add_owed_before(KEYS[k + 1], ARGV[i], before) end
    for i = at + 4, last, 2 do redis.call('HSET', KEYS[k + 1], ARGV[i], ARGV[i + 1]) end
    reply[#reply + 1] = #before > 0 and before or 1
  else
    reply[#reply + 1] = 0
  end
  at = last + 1
end
return reply
