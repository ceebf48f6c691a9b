#!lua flags=allow-oom
-- A named person says what became of an unconfirmed attempt.
--
-- ask.job             its id
-- ask.target          placed, dead or ready
-- ask.who, ask.reason
-- ask.quarantine_us   ringing again is refused before it is over
-- ask.deadline_us     the shortest of a job that is to ring again, from now
--
-- Returns  {"done"}, {"early", us still to wait}, or {"refused", state}

local target, key = ask.target, job_key(ask.job)
local job = redis.call('HMGET', key, 'state', 'start_us', 'not_after_us', 'lane')
local over = (tonumber(job[2] or '') or 0) + ask.quarantine_us
if target == 'ready' and job[1] == 'unconfirmed' and (now < over or distrust()) then
  -- By a clock in doubt no quarantine is over.
  return {'early', us(math.max(over - now, 1000000))}
end
if target == 'ready' and job[1] == 'unconfirmed' and campaign_over(job[4]) then
  return {'refused', 'in a campaign that is over'}
end
local refused = move('resolve', ask.job, target, now, ask.who, ask.reason)
if refused then
  return {'refused', refused}
end
-- Without its token a worker that wakes up late is fenced off.
redis.call('HSET', key, 'token', '', 'settled', '')
if target == 'dead' then
  -- A redrive must not be a way around the quarantine.
  redis.call('HSET', key, 'quiet_us', us(over))
end
if target == 'ready' then
  redis.call('HSET', key, 'not_after_us',
    us(math.max(tonumber(job[3]), now + ask.deadline_us)))
end
return {'done'}
