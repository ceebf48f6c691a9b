#!lua flags=allow-oom
-- A named person says what became of an unconfirmed attempt.
--
-- KEYS[1]  prefix
-- ARGV[1]  job id   ARGV[2] placed, dead or ready   ARGV[3] who   ARGV[4] reason
-- ARGV[5]  quarantine, us: ringing again is refused before it is over
-- ARGV[6]  shortest deadline of a job that is to ring again, us from now
--
-- Returns  {"done", seq}, {"early", seq, us still to wait}, or {"refused", seq, state}

local id, target, who, why = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = job_key(id)
local job = redis.call('HMGET', key, 'state', 'start_us', 'not_after_us', 'lane')
local over = tonumber(job[2] or '0') + tonumber(ARGV[5])
if target == 'ready' and job[1] == 'unconfirmed' and now < over then
  return {'early', us(seen()), us(over - now)}
end
if target == 'ready' and job[1] == 'unconfirmed' and campaign_over(job[4]) then
  return {'refused', us(seen()), 'in a campaign that is over'}
end
local refused = move('resolve', id, target, now, who, why)
if refused then
  return {'refused', us(seen()), refused}
end
-- Without its token a worker that wakes up late is fenced off.
redis.call('HSET', key, 'token', '', 'settled', '')
if target == 'dead' then
  -- A redrive must not be a way around the quarantine.
  redis.call('HSET', key, 'quiet_us', us(over))
end
if target == 'ready' then
  redis.call('HSET', key, 'not_after_us',
    us(math.max(tonumber(job[3]), now + tonumber(ARGV[6]))))
end
return {'done', us(seen())}
