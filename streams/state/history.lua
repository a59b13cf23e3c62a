-- Ask which server answers. Joined before the scripts that need it (`Script`). No keys.

-- Return the server's replication id, '' where it does not say.
local function history()
  local said = redis.pcall('INFO', 'replication')
  return type(said) == 'string' and string.match(said, 'master_replid:(%x+)') or ''
end

-- Return whether its id is none of those the caller knows ('' for any): it may have forgotten what the caller relies on.
local function unknown(known)
  return known ~= '' and not string.find(known, history(), 1, true)
end
