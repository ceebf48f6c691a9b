#!lua flags=allow-oom
-- Undo a begin by the process that knows it sent no byte: our own slowness.
-- Takes the token alone, because a lost reply leaves the caller without an id.
--
-- KEYS[1]  prefix
-- ARGV[1]  token   ARGV[2] reason
-- ARGV[3]  what the breaker learns: fault or -   ARGV[4] breaker config (breaker.lua)
--
-- Returns  {"taken_back", seq, id}, or {"fenced", seq, state} when the token
--          was granted nothing, or the job is no longer this attempt's

local token, why = ARGV[1], ARGV[2]
local id = redis.call('GET', P .. 'grant:' .. token)
if not id or id == '' then
  -- A begin that is still on its way must find that nobody waits for it.
  redis.call('SET', P .. 'grant:' .. token, '', 'EX', 3600)
  return {'fenced', us(seen()), 'missing'}
end
local key = job_key(id)
local job = redis.call('HMGET', key, 'state', 'token', 'lane', 'attempt', 'protected', 'rings')
if job[2] ~= token or job[1] ~= 'dialing' then
  return {'fenced', us(seen()), job[1] or 'missing'}
end
local account = lane_account(job[3])
end_live(job[3], id .. '.' .. job[4])
give_rings_back(job[5], job[6], id .. '.' .. job[4])
redis.call('HINCRBY', key, 'attempt', -1)
redis.call('HSET', key, 'token', '')
redis.call('SET', P .. 'grant:' .. token, '', 'EX', 3600)
move('take_back', id, 'ready', now, 'worker', why)
tell_breaker(account, token, ARGV[3], breaker_config(ARGV[4]), why)
return {'taken_back', us(seen()), id}
