#!lua flags=allow-oom
-- Let time pass: scheduled jobs whose moment has come become ready, those past
-- their deadline are skipped, lanes whose sleep is over wake up.
--
-- KEYS[1]  prefix
-- ARGV[1]  most jobs, and most lanes, to touch in this call
--
-- Returns  {seq, jobs moved, lanes woken}

local most = tonumber(ARGV[1])
local jobs = redis.call('ZRANGEBYSCORE', P .. 'in:scheduled', '-inf', us(now), 'LIMIT', 0, most)
for _, id in ipairs(jobs) do
  local job = redis.call('HMGET', job_key(id), 'not_after_us', 'reason')
  if tonumber(job[1]) <= now then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed; it had waited: ' .. job[2],
      'deadline')
  else
    move('due', id, 'ready', now, 'clock', 'its time has come')
  end
end
local lanes = redis.call('ZRANGEBYSCORE', P .. 'asleep', '-inf', us(now), 'LIMIT', 0, most)
for _, lane in ipairs(lanes) do
  redis.call('ZREM', P .. 'asleep', lane)
  refresh_lane(lane)
end
if #lanes > 0 then
  wake_pacer()
end
return {us(seen()), #jobs, #lanes}
