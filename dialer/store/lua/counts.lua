#!lua flags=no-writes,allow-oom
-- Count the jobs of some states at one moment. A script and not MULTI, because
-- a full server refuses every command inside MULTI, and then counts matter most.
--
-- ask.states
--
-- Returns  the count of each, in order

local reply = {}
for i, state in ipairs(ask.states) do
  local _, count = apart('in:' .. state, redis.call, 'ZCARD', P .. 'in:' .. state)
  reply[i] = count or 0
end
return reply
