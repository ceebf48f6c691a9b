#!lua flags=allow-oom
-- uses: meter, breaker, customer
-- Record how attempts ended, each in a step of its own. The caller has decided.
--
-- ask.breaker    when faults stop an account (breaker.lua)
-- ask.ended      of each
--   job, token     its id, and the fence of the attempt
--   target         state
--   delay_us       before the next attempt (scheduled only)
--   try_used       whether a try is used
--   rang           whether a phone may have rung
--   result         what the breaker learns: success, fault or -
--   pool_sleep_us  0 for none
--   cut_rate       whether to cut the rate
--   code, reason, call_id
--   suppress       number to put on the do-not-call list, "" for none
--   fault          "code parameter=value" of a refused parameter, "" for none
--   hold           accounts to hold
--
-- Returns  for each "settled" (also when it was done before with this token), "fenced" when
--          the job is no longer this attempt's, or "failed" where damage met it: say it again

local function cut_rate(account)
  local limits = P .. 'account:' .. account
  local cut = redis.call('HMGET', limits, 'cut_us', 'cut_to')
  if not cut[1] or now - tonumber(cut[1]) >= 10000000 then
    redis.call('HSET', limits, 'cut_us', us(now),
      'cut_to', math.max(0.1, rate_share(cut[1], cut[2]) / 2))
  end
end

local function let_pool_sleep(pool, until_us)
  redis.call('HSET', P .. 'pool:' .. pool, 'until_us', us(until_us), 'since_us', us(now))
  redis.call('HINCRBY', P .. 'pool:' .. pool, 'misses', 1)
end

-- The same value refused with the same code three times in a row is a mistake in the
-- campaign, and would bury its whole list.
local function count_fault(campaign, ended)
  local camp, fault = P .. 'camp:' .. campaign, ended.fault
  if ended.target == 'placed' then
    redis.call('HDEL', camp, 'fault', 'faults')
  elseif fault ~= '' then
    if redis.call('HGET', camp, 'fault') ~= fault then
      redis.call('HSET', camp, 'fault', fault, 'faults', 0)
    end
    if redis.call('HINCRBY', camp, 'faults', 1) >= 3 then
      redis.call('HDEL', camp, 'fault', 'faults')
      add_hold('campaign:' .. campaign, 'configuration', 'api', ended.reason)
    end
  end
end

local function suppress(ended)
  count_suppressed('dnc', redis.call('HSET', P .. 'dnc', ended.suppress,
    cjson.encode({who = 'api', reason = ended.reason, at_us = us(now)})))
end

-- The reaper has counted this try already when it gave the attempt up.
local function tries_of(job, ended, late)
  if ended.try_used then
    return {tries = us(job.tries + (late and 0 or 1)), misses = '0'}
  end
  return {tries = us(job.tries - (late and 1 or 0)), misses = us(job.misses + 1)}
end

local WORDS = {placed = 'placed', dead = 'dead', unconfirmed = 'unconfirmed'}
-- Pools that were found answering by this run.
local answering = {}

local function tell_pool(account, lane, ended)
  local pool = lane_pool(lane)
  local whose = account .. '/' .. pool
  if ended.pool_sleep_us > 0 then
    answering[whose] = nil
    let_pool_sleep(whose, math.max(now, ERA.most) + ended.pool_sleep_us)
  elseif ended.target == 'placed' and pool ~= '' and not answering[whose] then
    answering[whose] = true
    redis.call('DEL', P .. 'pool:' .. whose)
    wake_for_agents(account, pool)
  end
end

local function settle(ended)
  local id, token, target, why = ended.job, ended.token, ended.target, ended.reason
  local job = record_of(id)
  if job and job.settled == token then
    return 'settled'
  elseif not job or job.token ~= token or not leads('settle', 'from', job.state) then
    return 'fenced'
  end
  local account, attempt = lane_account(job.lane), id .. '.' .. job.attempt
  local late, campaign = job.state == 'unconfirmed', lane_campaign(job.lane)
  local due = math.min(math.max(now, ERA.most) + ended.delay_us, tonumber(job.not_after_us))
  local fields = tries_of(job, ended, late)
  fields.settled, fields.code, fields.call_id = token, ended.code, ended.call_id
  move('settle', id, target, target == 'scheduled' and due or now, late and 'api, late' or 'api', why,
    nil, fields)
  -- What follows is each a thing of its own: damage to one keeps none of the others from being done.
  if not ended.rang then
    apart('live:' .. account, end_live, job.lane, attempt)
    give_rings_back(job.protected, job.rings, attempt)
  end
  tell_pool(account, job.lane, ended)
  if ended.cut_rate then
    apart('account:' .. account, cut_rate, account)
  end
  note_pulse(job.lane, WORDS[target] or (ended.try_used and 'retries' or 'defers'))
  if campaign then
    apart('camp:' .. campaign, count_fault, campaign, ended)
  end
  for _, held in ipairs(ended.hold) do
    add_hold('account:' .. held, 'api', 'api', why)
  end
  if ended.suppress ~= '' then
    apart('dnc', suppress, ended)
  end
  apart('breaker:' .. account, tell_breaker, account, token, ended.result, ask.breaker, why)
  return 'settled'
end

local reply = {}
for i, ended in ipairs(ask.ended) do
  local sound, answer = apart('job:' .. ended.job, settle, ended)
  reply[i] = sound and answer or 'failed'
end
return reply
