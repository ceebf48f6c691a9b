#!lua flags=allow-oom
-- Record how an attempt ended. The caller has decided; this makes it one step.
--
-- KEYS[1]  prefix
-- ARGV[1]  job id             ARGV[2] token of the attempt
-- ARGV[3]  target state       ARGV[4] delay before the next attempt, us (scheduled only)
-- ARGV[5]  1 if a try is used ARGV[6] 1 if a phone may have rung
-- ARGV[7]  breaker: success, fault or -      ARGV[8] breaker config (breaker.lua)
-- ARGV[9]  pool sleep, us, 0 for none        ARGV[10] 1 to cut the rate
-- ARGV[11] code  ARGV[12] reason  ARGV[13] call id
-- ARGV[14] number to put on the do-not-call list, "" for none
-- ARGV[15] "code parameter=value" of a refused parameter, "" for none
-- ARGV[16..] accounts to hold
--
-- Returns  {"settled", seq, state}   done, or done before with this token
--          {"fenced", seq, state}    the job is no longer this attempt's

local id, token, target, why = ARGV[1], ARGV[2], ARGV[3], ARGV[12]
local key = job_key(id)
local job = redis.call('HMGET', key, 'state', 'token', 'settled', 'lane', 'attempt',
  'not_after_us', 'protected', 'rings')
local state, account = job[1], nil

if not state then
  return {'fenced', us(seen()), 'missing'}
end
if job[3] == token then
  return {'settled', us(seen()), state}
end
if job[2] ~= token or not ARROWS.settle.from[state] then
  return {'fenced', us(seen()), state}
end
account = lane_account(job[4])

local function cut_rate()
  local limits = P .. 'account:' .. account
  local cut = redis.call('HMGET', limits, 'cut_us', 'cut_to')
  local rate = 1
  if cut[1] then
    local age = now - tonumber(cut[1])
    if age < 10000000 then
      return
    end
    rate = math.min(1, tonumber(cut[2]) + (1 - tonumber(cut[2])) * age / 60000000)
  end
  redis.call('HSET', limits, 'cut_us', us(now), 'cut_to', math.max(0.1, rate / 2))
end

local function let_pool_sleep(pool, until_us)
  redis.call('HSET', P .. 'pool:' .. account .. '/' .. pool, 'until_us', us(until_us))
  redis.call('HINCRBY', P .. 'pool:' .. account .. '/' .. pool, 'misses', 1)
end

-- The same value refused with the same code three times in a row is a mistake in the
-- campaign, and would bury its whole list.
local function count_fault(campaign)
  if not campaign then
    return
  end
  local camp, fault = P .. 'camp:' .. campaign, ARGV[15]
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
local due = math.min(now + tonumber(ARGV[4]), tonumber(job[6]))
move('settle', id, target, target == 'scheduled' and due or now, late and 'api, late' or 'api', why)
redis.call('HSET', key, 'settled', token, 'code', ARGV[11], 'call_id', ARGV[13])
if ARGV[5] == '1' then
  -- The reaper has counted this try already when it gave the attempt up.
  redis.call('HINCRBY', key, 'tries', late and 0 or 1)
  redis.call('HSET', key, 'misses', 0)
else
  redis.call('HINCRBY', key, 'tries', late and -1 or 0)
  redis.call('HINCRBY', key, 'misses', 1)
end
if ARGV[6] == '0' then
  end_live(job[4], id .. '.' .. job[5])
  give_rings_back(job[7], job[8], id .. '.' .. job[5])
end
local pool = lane_pool(job[4])
if tonumber(ARGV[9]) > 0 then
  let_pool_sleep(pool, now + tonumber(ARGV[9]))
elseif target == 'placed' and pool ~= '' then
  redis.call('DEL', P .. 'pool:' .. account .. '/' .. pool)
  wake_for_agents(account, pool)
end
if ARGV[10] == '1' then
  cut_rate()
end
local WORDS = {placed = 'placed', dead = 'dead', unconfirmed = 'unconfirmed'}
note_pulse(job[4], WORDS[target] or (ARGV[5] == '1' and 'retries' or 'defers'))
count_fault(lane_campaign(job[4]))
for i = 16, #ARGV do
  add_hold('account:' .. ARGV[i], 'api', 'api', why)
end
if ARGV[14] ~= '' then
  redis.call('HSET', P .. 'dnc', ARGV[14],
    cjson.encode({who = 'api', reason = why, at_us = us(now)}))
end
tell_breaker(account, token, ARGV[7], breaker_config(ARGV[8]), why)
return {'settled', us(seen()), target}
