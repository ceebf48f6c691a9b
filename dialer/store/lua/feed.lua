#!lua
-- uses: accept
-- Make jobs of the next contacts of a campaign; refused when Redis is full.
-- The cursor says which contacts those are, so doing it twice does it once.
--
-- ask.campaign
-- ask.group    the number of the zone group, the calendar of its lanes
-- ask.cursor   from which they were read, "block:place"
-- ask.behind   the cursor behind them
-- ask.version  of the definition they were made from, as text
-- ask.mode     of its account, "developer" or "live": that of the first contact is that of all,
--              so that an account which is switched later does not spend the others unrung
-- ask.jobs     one of each contact, as accept.lua describes them
--
-- Returns   {"fed", jobs made}, or {"stopped", state} and
--           {"moved", cursor} or {"changed", version or mode} when nothing was done

local doubt = distrust()
if doubt then
  return {'stopped', doubt}
end
local camp, field = P .. 'camp:' .. ask.campaign, 'c:' .. ask.group
local known = redis.call('HMGET', camp, 'state', field, 'starts_us', 'ends_us', 'version', 'mode')
if known[1] ~= 'running' then
  return {'stopped', known[1] or 'missing'}
end
if tonumber(known[3]) > now or tonumber(known[4]) <= now then
  return {'stopped', 'not its time'}
end
if known[5] ~= ask.version then
  return {'changed', known[5]}
end
if known[6] and known[6] ~= ask.mode then
  return {'changed', known[6]}
end
if (known[2] or '0:0') ~= ask.cursor then
  return {'moved', known[2] or '0:0'}
end
local fresh = 0
for _, job in ipairs(ask.jobs) do
  if accept(job, 'campaign', ask.version) == 'created' then
    fresh = fresh + 1
  end
end
redis.call('HSET', camp, field, ask.behind, 'mode', ask.mode)
redis.call('HINCRBY', camp, 'fed', #ask.jobs)
redis.call('HINCRBY', camp, 'fed:' .. ask.group, #ask.jobs)
announce_accepted()
return {'fed', fresh}
