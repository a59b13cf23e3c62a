-- Read which Redis server answers. `Script` puts these functions before each script that calls them.
-- KEYS none

-- Return the server's replication id, '' where INFO does not have it.
local function history()
  local said = redis.pcall('INFO', 'replication')
  return type(said) == 'string' and string.match(said, 'master_replid:(%x+)') or ''
end

-- Return whether the caller does not know the server's id ('' knows any): then the server may have lost writes in a failover.
local function unknown(known)
  return known ~= '' and not string.find(known, history(), 1, true)
end
