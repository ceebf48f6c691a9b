#!lua flags=no-writes,allow-oom
-- Count the jobs of some states at one moment. A script and not MULTI, because
-- a full server refuses every command inside MULTI, and then counts matter most.
--
-- ask.states
--
-- Returns  the count of each, in order

local function ready()
  local count = 0
  for _, jobs in ipairs(redis.call('HVALS', P .. 'ready')) do
    count = count + math.max(0, tonumber(jobs) or 0)
  end
  return count
end

local reply = {}
for i, state in ipairs(ask.states) do
  local _, count
  if state == 'ready' then
    _, count = apart('ready', ready)
  else
    _, count = apart('in:' .. state, redis.call, 'ZCARD', P .. 'in:' .. state)
  end
  reply[i] = count or 0
end
return reply
