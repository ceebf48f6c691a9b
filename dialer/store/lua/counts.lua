#!lua flags=no-writes,allow-oom
-- Count the jobs of some states at one moment. A script and not MULTI, because
-- a full server refuses every command inside MULTI, and then counts matter most.
--
-- KEYS[1]  prefix
-- ARGV     states
--
-- Returns  the count of each, in order

local reply = {}
for i, state in ipairs(ARGV) do
  reply[i] = redis.call('ZCARD', P .. 'in:' .. state)
end
return reply
