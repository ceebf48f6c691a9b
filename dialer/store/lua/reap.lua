#!lua flags=allow-oom
-- uses: breaker
-- Give up attempts whose lease is over: a phone may have rung, so the job
-- becomes unconfirmed and no machine rings it again.
--
-- ask.most     jobs to touch in this call
-- ask.breaker  when faults stop an account (breaker.lua)
--
-- Returns  the ids of the jobs given up

if distrust() then
  return {}
end
local reply = {}
local why = 'no word from the worker within the lease'
local late = redis.call('ZRANGEBYSCORE', P .. 'in:dialing', '-inf', us(now), 'LIMIT', 0, ask.most)
local function give_up(id)
  local job = record_of(id)
  local counted = {tries = us(job.tries + 1), misses = '0'}
  if move('expire', id, 'unconfirmed', now, 'reaper', why, nil, counted) then
    return
  end
  note_pulse(job.lane, 'unconfirmed')
  reply[#reply + 1] = id
  apart('breaker:' .. job.account, tell_breaker, job.account, job.token or '', 'fault', ask.breaker, why, true)
end
for _, id in ipairs(late) do
  with_job(id, 'dialing', give_up)
end
return reply
