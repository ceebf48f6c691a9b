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
local fresh, early, moved = 0, 0, P .. 'moved:' .. ask.campaign
local some_moved = redis.call('EXISTS', moved) == 1
for _, job in ipairs(ask.jobs) do
  if some_moved and redis.call('HEXISTS', moved, string.match(job.ids[1], ':(%d+):')) == 1 then
    -- It became a job ahead of its turn (contact.lua).
    early = early + 1
  elseif accept(job, 'campaign', ask.version) == 'created' then
    fresh = fresh + 1
  end
end
redis.call('HSET', camp, field, ask.behind, 'mode', ask.mode)
redis.call('HINCRBY', camp, 'fed', #ask.jobs)
if early > 0 then
  redis.call('HINCRBY', camp, 'early', 0 - early)
  redis.call('HINCRBY', camp, 'early:' .. ask.group, 0 - early)
end
redis.call('HINCRBY', camp, 'fed:' .. ask.group, #ask.jobs)
announce_accepted()
return {'fed', fresh}
