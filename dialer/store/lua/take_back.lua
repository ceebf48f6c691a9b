#!lua flags=allow-oom
-- uses: breaker, customer
-- Undo a begin by the process that knows it sent no byte: our own slowness.
-- Takes the token alone, because a lost reply leaves the caller without an id.
--
-- ask.token    of the attempt
-- ask.reason
-- ask.result   what the breaker learns: fault or -
-- ask.breaker  when faults stop an account (breaker.lua)
--
-- Returns  {"taken_back", id}, or {"fenced", state} when the token
--          was granted nothing, or the job is no longer this attempt's

local token, why = ask.token, ask.reason
local id = redis.call('GET', P .. 'grant:' .. token)
if not id or id == '' then
  -- A begin that is still on its way must find that its caller has given up.
  redis.call('SET', P .. 'grant:' .. token, '', 'EX', 3600)
  return {'fenced', 'missing'}
end
local key = job_key(id)
local job = redis.call('HMGET', key, 'state', 'token', 'lane', 'attempt', 'protected', 'rings')
if job[2] ~= token or job[1] ~= 'dialing' or unusable(id) then
  return {'fenced', job[1] or 'missing'}
end
local account = lane_account(job[3])
apart('live:' .. account, end_live, job[3], id .. '.' .. job[4])
give_rings_back(job[5], job[6], id .. '.' .. job[4])
redis.call('HINCRBY', key, 'attempt', -1)
redis.call('HSET', key, 'token', '')
redis.call('SET', P .. 'grant:' .. token, '', 'EX', 3600)
move('take_back', id, 'ready', now, 'worker', why)
apart('breaker:' .. account, tell_breaker, account, token, ask.result, ask.breaker, why)
return {'taken_back', id}
