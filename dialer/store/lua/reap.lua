#!lua flags=allow-oom
-- Give up attempts whose lease is over: a phone may have rung, so the job
-- becomes unconfirmed and no machine rings it again.
--
-- KEYS[1]  prefix
-- ARGV[1]  most jobs to touch in this call   ARGV[2] breaker config (breaker.lua)
--
-- Returns  {seq, id, id, ...}

local reply = {0}
local cfg = breaker_config(ARGV[2])
local why = 'no word from the worker within the lease'
local late = redis.call('ZRANGEBYSCORE', P .. 'in:dialing', '-inf', us(now), 'LIMIT', 0,
  tonumber(ARGV[1]))
for _, id in ipairs(late) do
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'token', 'account', 'lane')
  move('expire', id, 'unconfirmed', now, 'reaper', why)
  redis.call('HINCRBY', key, 'tries', 1)
  redis.call('HSET', key, 'misses', 0)
  note_pulse(job[3], 'unconfirmed')
  tell_breaker(job[2], job[1], 'fault', cfg, why)
  reply[#reply + 1] = id
end
reply[1] = us(seen())
return reply
