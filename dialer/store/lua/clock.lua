-- The one clock of every script: the server's, in microseconds since 1970.
-- Tests load another file in its place to move time.
local function server_time()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end
