#!lua flags=allow-oom
-- uses: meter, breaker, customer
-- Record how an attempt ended. The caller has decided; this makes it one step.
--
-- ask.job, ask.token     its id, and the token of the attempt
-- ask.target             state
-- ask.delay_us           before the next attempt (scheduled only)
-- ask.try_used           whether a try is used
-- ask.rang               whether a phone may have rung
-- ask.result             what the breaker learns: success, fault or -
-- ask.breaker            when faults stop an account (breaker.lua)
-- ask.pool_sleep_us      0 for none
-- ask.cut_rate           whether to cut the rate
-- ask.code, ask.reason, ask.call_id
-- ask.suppress           number to put on the do-not-call list, "" for none
-- ask.fault              "code parameter=value" of a refused parameter, "" for none
-- ask.hold               accounts to hold
--
-- Returns  {"settled", state}   done, or done before with this token
--          {"fenced", state}    the job is no longer this attempt's

local id, token, target, why = ask.job, ask.token, ask.target, ask.reason
local key = job_key(id)
local job = redis.call('HMGET', key, 'state', 'token', 'settled', 'lane', 'attempt',
  'not_after_us', 'protected', 'rings')
local state, account = job[1], nil
local damage = unusable(id)
if damage then
  return {'fenced', damage == 'missing' and damage or 'damaged'}
end
if job[3] == token then
  return {'settled', state}
end
if job[2] ~= token or not leads('settle', 'from', state) then
  return {'fenced', state}
end
account = lane_account(job[4])

local function cut_rate()
  local limits = P .. 'account:' .. account
  local cut = redis.call('HMGET', limits, 'cut_us', 'cut_to')
  if not cut[1] or now - tonumber(cut[1]) >= 10000000 then
    redis.call('HSET', limits, 'cut_us', us(now),
      'cut_to', math.max(0.1, rate_share(cut[1], cut[2]) / 2))
  end
end

local function let_pool_sleep(pool, until_us)
  redis.call('HSET', P .. 'pool:' .. account .. '/' .. pool, 'until_us', us(until_us),
    'since_us', us(now))
  redis.call('HINCRBY', P .. 'pool:' .. account .. '/' .. pool, 'misses', 1)
end

-- The same value refused with the same code three times in a row is a mistake in the
-- campaign, and would bury its whole list.
local function count_fault(campaign)
  if not campaign then
    return
  end
  local camp, fault = P .. 'camp:' .. campaign, ask.fault
  if target == 'placed' then
    redis.call('HDEL', camp, 'fault', 'faults')
  elseif fault ~= '' then
    if redis.call('HGET', camp, 'fault') ~= fault then
      redis.call('HSET', camp, 'fault', fault, 'faults', 0)
    end
    if redis.call('HINCRBY', camp, 'faults', 1) >= 3 then
      redis.call('HDEL', camp, 'fault', 'faults')
      add_hold('campaign:' .. campaign, 'configuration', 'api', why)
    end
  end
end

local late = state == 'unconfirmed'
local due = math.min(math.max(now, ERA.most) + ask.delay_us, tonumber(job[6]))
move('settle', id, target, target == 'scheduled' and due or now, late and 'api, late' or 'api', why)
redis.call('HSET', key, 'settled', token, 'code', ask.code, 'call_id', ask.call_id)
if ask.try_used then
  -- The reaper has counted this try already when it gave the attempt up.
  redis.call('HINCRBY', key, 'tries', late and 0 or 1)
  redis.call('HSET', key, 'misses', 0)
else
  redis.call('HINCRBY', key, 'tries', late and -1 or 0)
  redis.call('HINCRBY', key, 'misses', 1)
end
-- What follows is each a thing of its own: damage to one keeps none of the others from being done.
if not ask.rang then
  apart('live:' .. account, end_live, job[4], id .. '.' .. job[5])
  give_rings_back(job[7], job[8], id .. '.' .. job[5])
end
local pool = lane_pool(job[4])
if ask.pool_sleep_us > 0 then
  let_pool_sleep(pool, math.max(now, ERA.most) + ask.pool_sleep_us)
elseif target == 'placed' and pool ~= '' then
  redis.call('DEL', P .. 'pool:' .. account .. '/' .. pool)
  wake_for_agents(account, pool)
end
if ask.cut_rate then
  apart('account:' .. account, cut_rate)
end
local WORDS = {placed = 'placed', dead = 'dead', unconfirmed = 'unconfirmed'}
note_pulse(job[4], WORDS[target] or (ask.try_used and 'retries' or 'defers'))
apart('camp:' .. (lane_campaign(job[4]) or ''), count_fault, lane_campaign(job[4]))
for _, held in ipairs(ask.hold) do
  add_hold('account:' .. held, 'api', 'api', why)
end
local function suppress()
  count_suppressed('dnc', redis.call('HSET', P .. 'dnc', ask.suppress,
    cjson.encode({who = 'api', reason = why, at_us = us(now)})))
end
if ask.suppress ~= '' then
  apart('dnc', suppress)
end
apart('breaker:' .. account, tell_breaker, account, token, ask.result, ask.breaker, why)
return {'settled', target}
