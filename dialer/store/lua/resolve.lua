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

local target, job = ask.target, record_of(ask.job) or {}
local over = (tonumber(job.start_us or '') or 0) + ask.quarantine_us
if target == 'ready' and job.state == 'unconfirmed' and (now < over or distrust()) then
  -- By a clock in doubt no quarantine is over.
  return {'early', us(math.max(over - now, 1000000))}
end
if target == 'ready' and job.state == 'unconfirmed' and campaign_over(job.lane) then
  return {'refused', 'in a campaign that is over'}
end
-- Without its token a worker that wakes up late is fenced off.
local fields = {token = '', settled = ''}
if target == 'dead' then
  -- A redrive must not be a way around the quarantine.
  fields.quiet_us = us(over)
elseif target == 'ready' and job.state then
  fields.not_after_us = us(math.max(tonumber(job.not_after_us), now + ask.deadline_us))
end
local refused = move('resolve', ask.job, target, now, ask.who, ask.reason, nil, fields)
if refused then
  return {'refused', refused}
end
return {'done'}
