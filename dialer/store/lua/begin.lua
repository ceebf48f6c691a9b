#!lua
-- The last word before a phone may ring: choose a job and move it to dialing,
-- or say why not. Refused when Redis is full.
--
-- KEYS[1]  prefix
-- ARGV[1]  account            ARGV[2] token of this attempt, new for each call
-- ARGV[3]  doorbell answered, "" for none
-- ARGV[4]  caller's wall clock, us      ARGV[5] most it may differ, us
-- ARGV[6]  highest transition number the caller has seen
-- ARGV[7]  calls per second   ARGV[8] burst   ARGV[9] max posting   ARGV[10] max live calls
-- ARGV[11] windows of the account, "open-close,..." in us
-- ARGV[12] lease, us          ARGV[13] lookahead, us: how far ahead a slot may be granted
-- ARGV[14] assumed length of a call without a time limit, us
-- ARGV[15] customer rules (customer.lua)
--
-- Returns  {"go", now, seq, id, slot, attempt, tries, misses, pool misses, not after, mode, pool, content}
--          {"wait", now, seq, us until the next slot}
--          {"no", now, seq, reason, us when to look again or 0}

local CANDIDATES = 20
local account, token = ARGV[1], ARGV[2]
local account_key = 'account:' .. account

local function no(reason, again)
  return {'no', us(now), us(seen()), reason, us(again or 0)}
end

local function go(id)
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'start_us', 'attempt', 'tries', 'misses', 'not_after_us',
    'mode', 'lane', 'content')
  local pool = lane_pool(job[7])
  local pool_misses = redis.call('HGET', P .. 'pool:' .. account .. '/' .. pool, 'misses') or '0'
  return {'go', us(now), us(seen()), id, job[1], job[2], job[3], job[4], pool_misses, job[5],
    job[6], pool, job[8]}
end

-- 1. The same request again, because its reply was lost on the way.
local granted = redis.call('GET', P .. 'grant:' .. token)
if granted == '' then
  return no('settled')
elseif granted then
  local job = redis.call('HMGET', job_key(granted), 'token', 'state')
  if job[1] == token and job[2] == 'dialing' then
    return go(granted)
  end
  return no('settled')
end
redis.call('ZREM', P .. 'bells:' .. account, ARGV[3])

-- 2. Is the caller's clock, and the server's memory, to be trusted?
if math.abs(tonumber(ARGV[4]) - now) > tonumber(ARGV[5]) then
  return no('clock')
end
if tonumber(ARGV[6]) > seen() then
  add_hold('all', 'witness', 'witness', 'the server has forgotten acknowledged writes: transition '
    .. ARGV[6] .. ' was seen, it knows ' .. us(seen()) .. '; restart the workers, then release')
  return no('rollback')
end

-- 3. Holds, and the breaker's one probe.
if redis.call('EXISTS', P .. 'hold:all') == 1 then
  return no('held:all')
end
local probing = false
local owners = redis.call('HKEYS', P .. 'hold:' .. account_key)
if #owners > 0 then
  local breaker = redis.call('HMGET', P .. 'breaker:' .. account, 'probe_us', 'probe')
  if #owners > 1 or owners[1] ~= 'breaker' or not breaker[1] then
    return no('held:' .. account_key)
  end
  if breaker[2] ~= '' or tonumber(breaker[1]) > now then
    return no('breaker', tonumber(breaker[1]))
  end
  probing = true
end

-- 4. The meter: the instant at which this call may start.
local interval, burst, max_posting, max_live =
  limits_of(account, ARGV[7], ARGV[8], ARGV[9], ARGV[10])
local tat = arrival_of(account, interval)
local slot = math.max(now, tat - (burst - 1) * interval)
if slot - now > tonumber(ARGV[13]) then
  return {'wait', us(now), us(seen()), us(slot - now)}
end

-- 5. How much is under way.
if redis.call('ZCARD', P .. 'posting:' .. account) >= max_posting then
  return no('posting')
end
if max_live > 0 then
  redis.call('ZREMRANGEBYSCORE', P .. 'live:' .. account, '-inf', us(now))
  if redis.call('ZCARD', P .. 'live:' .. account) >= max_live then
    return no('live')
  end
end

-- 6. Calling hours of the account; unknown is closed.
local close, opening = window_at(ARGV[11], slot)
if not close then
  return no('closed', opening)
end

-- 7. The best job that no rule stops. Blocked ones move to where they belong.
local function on_do_not_call(numbers)
  for number in string.gmatch(numbers, '[^,]+') do
    if redis.call('HEXISTS', P .. 'dnc', number) == 1
      or redis.call('HEXISTS', P .. 'dnc:' .. account, number) == 1 then
      return true
    end
  end
  return false
end

local rules = customer_rules(ARGV[15])

local CUSTOMER = {
  gap = 'the customer has been called too recently',
  cap = 'the customer has been called as often as allowed',
}

local function fits(id, lane)
  local job = redis.call('HMGET', job_key(id), 'not_after_us', 'protected', 'lead_us', 'rings',
    'state')
  if job[5] ~= 'ready' then
    -- A damaged index must not ring anybody: take the stray entry out.
    redis.call('ZREM', P .. 'lane:' .. lane, id)
    refresh_lane(lane)
    return false
  end
  local allowed, rule = customer_allows(job[2], job[4], slot, rules)
  if slot >= tonumber(job[1]) then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed')
  elseif on_do_not_call(job[2]) then
    move('skip', id, 'skipped', now, 'rule', 'the customer is on the do-not-call list')
  elseif rule and not allowed then
    move('skip', id, 'skipped', now, 'rule', 'one call rings more often than a customer may be rung')
  elseif rule then
    -- Also when that is after its deadline: a ring given back may free the customer before.
    move('postpone', id, 'scheduled', math.min(allowed, tonumber(job[1])), 'rule', CUSTOMER[rule])
    wait_for_customer(id, job[2], rules)
  elseif slot + tonumber(job[3]) >= close then
    local _, later = window_at(ARGV[11], close)
    move('postpone', id, 'scheduled', math.min(later or close, tonumber(job[1])), 'rule',
      'calling hours would end before the last ring')
  else
    return true
  end
  return false
end

local function lane_sleeps(lane)
  local pool = lane_pool(lane)
  if pool == '' then
    return false
  end
  local until_us = redis.call('HGET', P .. 'pool:' .. account .. '/' .. pool, 'until_us')
  if until_us and tonumber(until_us) > slot then
    put_to_sleep(lane, tonumber(until_us))
    return true
  end
  return false
end

local function choose()
  for _ = 1, CANDIDATES do
    local lane = redis.call('ZRANGE', P .. 'awake:' .. account, 0, 0)[1]
    if not lane then
      return nil, 'empty'
    end
    if not lane_sleeps(lane) then
      local id = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1]
      if fits(id, lane) then
        return id
      end
    end
  end
  return nil, 'sorting'
end

local id, reason = choose()
if not id then
  return no(reason)
end

-- For `dialer status` only: no rule reads it.
local function count_start(at)
  local started, bucket = P .. 'started:' .. account, math.floor(at / 10000000)
  if redis.call('HINCRBY', started, us(bucket), 1) == 1 then
    for _, old in ipairs(redis.call('HKEYS', started)) do
      if tonumber(old) < bucket - 12 then
        redis.call('HDEL', started, old)
      end
    end
  end
end

-- 8. Go: charge the meter and take every place, in the same instant.
local key = job_key(id)
local lease_end = slot + tonumber(ARGV[12])
local attempt = redis.call('HINCRBY', key, 'attempt', 1)
move('begin', id, 'dialing', lease_end, 'worker', 'attempt ' .. attempt)
redis.call('HSET', key, 'token', token, 'settled', '', 'start_us', us(slot))
redis.call('SET', P .. 'grant:' .. token, id, 'PX', math.ceil(tonumber(ARGV[12]) / 1000))
redis.call('HSET', P .. 'meter:' .. account, 'tat_us', us(math.max(tat, slot) + interval),
  'interval_us', us(interval), 'burst', burst)
redis.call('ZADD', P .. 'posting:' .. account, us(lease_end), id)
count_start(slot)
local length = redis.call('HMGET', key, 'ring_us', 'talk_us', 'lead_us', 'protected', 'rings')
reserve_rings(length[4], length[5], id .. '.' .. attempt, slot + tonumber(length[3]), rules)
wait_no_more(id, length[4])
local talk = tonumber(length[2])
redis.call('ZADD', P .. 'live:' .. account,
  us(slot + tonumber(length[1]) + (talk > 0 and talk or tonumber(ARGV[14]))), id .. '.' .. attempt)
if probing then
  redis.call('HSET', P .. 'breaker:' .. account, 'probe', token)
end
return go(id)
