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
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'token', 'account', 'lane')
  if move('expire', id, 'unconfirmed', now, 'reaper', why) then
    return
  end
  redis.call('HINCRBY', key, 'tries', 1)
  redis.call('HSET', key, 'misses', 0)
  note_pulse(job[3], 'unconfirmed')
  reply[#reply + 1] = id
  apart('breaker:' .. job[2], tell_breaker, job[2], job[1], 'fault', ask.breaker, why)
end
for _, id in ipairs(late) do
  with_job(id, 'dialing', give_up)
end
return reply
