-- Which server answers. Joined before the scripts that ask (`Script`).

-- Its replication id, '' where it does not tell.
local function history()
  local said = redis.pcall('INFO', 'replication')
  return type(said) == 'string' and string.match(said, 'master_replid:(%x+)') or ''
end

-- Whether its id is none of those the caller knows ('' for any): it may have forgotten what the caller takes for granted.
local function unknown(known)
  return known ~= '' and not string.find(known, history(), 1, true)
end
