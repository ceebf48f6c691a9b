#!lua flags=allow-oom
-- Let time pass: scheduled jobs whose moment has come become ready, those past
-- their deadline are skipped, lanes whose sleep is over wake up.
--
-- ask.most  jobs, and lanes, to touch in this call
--
-- Returns  {jobs moved, lanes woken}

if distrust() then
  return {0, 0}
end
local jobs = redis.call('ZRANGEBYSCORE', P .. 'in:scheduled', '-inf', us(now), 'LIMIT', 0, ask.most)
local function look(id)
  if tonumber(record_of(id).not_after_us) <= now then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed; it had waited: '
      .. reason_of(id), 'deadline')
  else
    move('due', id, 'ready', now, 'clock', 'its time has come')
  end
end
for _, id in ipairs(jobs) do
  with_job(id, 'scheduled', look)
end
local lanes = redis.call('ZRANGEBYSCORE', P .. 'asleep', '-inf', us(now), 'LIMIT', 0, ask.most)
for _, lane in ipairs(lanes) do
  redis.call('ZREM', P .. 'asleep', lane)
  apart('lane:' .. lane, refresh_lane, lane)
end
if #lanes > 0 then
  wake_pacer()
end
return {#jobs, #lanes}
