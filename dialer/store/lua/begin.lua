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
-- ARGV[16] how long after its slot a request may leave, us: its rings may be that much later
-- ARGV[17] fingerprint of the caller's settings, "" for none
-- ARGV[18] highest mode in which the caller may dial, "developer" or "live"
--
-- Returns  {"go", now, seq, id, slot, attempt, tries, misses, pool misses, not after, mode, pool, content,
--           redial rules of its campaign (JSON) or ""}
--          {"wait", now, seq, us until the next slot}
--          {"no", now, seq, reason, us when to look again or 0}

local CANDIDATES = 20
local LATE = tonumber(ARGV[16])
-- Direct calls in a row while a campaign waits: it has a tenth of the starts at least.
local DIRECT_IN_ROW = 9
-- How soon something is looked at again whose end nobody knows.
local GLANCE, REST = 5000000, 21600000000
local account, token = ARGV[1], ARGV[2]
local account_key = 'account:' .. account

local function no(reason, again)
  return {'no', us(now), us(seen()), reason, us(again or 0)}
end

local function go(id)
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'start_us', 'attempt', 'tries', 'misses', 'not_after_us',
    'mode', 'lane', 'content')
  local pool, campaign = agents_of(lane_pool(job[7])), lane_campaign(job[7])
  local redial = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'redial')
  local pool_misses = redis.call('HGET', P .. 'pool:' .. account .. '/' .. pool, 'misses') or '0'
  return {'go', us(now), us(seen()), id, job[1], job[2], job[3], job[4], pool_misses, job[5],
    job[6], pool, job[8], redial or ''}
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
    .. ARGV[6] .. ' was seen, it knows ' .. us(seen()) .. '; dialer recover --who NAME says how to go on')
  return no('rollback')
end
local fleet = redis.call('GET', P .. 'fleet')
if fleet and ARGV[17] ~= '' and ARGV[17] ~= fleet then
  wake_pacer()  -- another doorbell takes the place of this one
  return no('settings')
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
local budget = CANDIDATES
local meter_key = P .. 'meter:' .. account

local CUSTOMER = {
  gap = 'the customer has been called too recently',
  cap = 'the customer has been called as often as allowed',
}

-- Set when what was found stops the account.
local stop

-- A job that shall ring a phone must not be spent on a request that rings nobody.
local function needs_live(mode)
  if mode ~= 'live' or ARGV[18] == 'live' then
    return false
  end
  add_hold(account_key, 'mode', 'begin', 'jobs wait that shall ring, and the settings of account '
    .. account .. ' say developer, which rings nobody: write mode = "live" again, or cancel them and release this')
  stop, budget = 'held:' .. account_key, 0
  return true
end

-- terms  at: when it would start; close, again: when its hours end, and begin
--        again; rules: of the customer
local function fits(id, lane, terms)
  local job = redis.call('HMGET', job_key(id), 'not_after_us', 'protected', 'lead_us', 'rings',
    'state', 'mode')
  if job[5] ~= 'ready' then
    -- A damaged index must not ring anybody: take the stray entry out.
    redis.call('ZREM', P .. 'lane:' .. lane, id)
    refresh_lane(lane)
    return false
  end
  if needs_live(job[6]) then
    return false
  end
  local allowed, rule = customer_allows(job[2], job[4], terms.at, terms.rules)
  if terms.at + LATE >= tonumber(job[1]) then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed', 'deadline')
  elseif on_do_not_call(account, job[2]) then
    move('skip', id, 'skipped', now, 'rule', 'the customer is on the do-not-call list',
      'do_not_call')
  elseif rule and not allowed then
    move('skip', id, 'skipped', now, 'rule', 'one call rings more often than a customer may be rung',
      'cap')
  elseif rule then
    -- Also when that is after its deadline: a ring given back may free the customer before.
    move('postpone', id, 'scheduled', math.min(allowed, tonumber(job[1])), 'rule', CUSTOMER[rule])
    wait_for_customer(id, job[2], terms.rules)
  elseif terms.at + LATE + tonumber(job[3]) >= terms.close then
    move('postpone', id, 'scheduled', math.min(terms.again or terms.close, tonumber(job[1])), 'rule',
      'calling hours would end before the last ring')
  else
    return true
  end
  return false
end

-- The agents of a lane: do they answer, are they held, are they all talking?
local function lane_sleeps(lane, at, per_agent)
  local pool = lane_pool(lane)
  if pool == '' then
    return false
  end
  local scope = account .. '/' .. pool
  local until_us = tonumber(redis.call('HGET', P .. 'pool:' .. scope, 'until_us') or '0')
  if until_us <= at and redis.call('EXISTS', P .. 'hold:pool:' .. scope) == 1 then
    until_us = now + GLANCE
  elseif until_us <= at and per_agent then
    local most = crew_limit(pool, per_agent)
    if most > 0 then
      local calls, first = crew_calls(account, pool)
      until_us = calls >= most and first or until_us
    end
  end
  if until_us > at then
    wait_for_agents(lane, until_us)
    return true
  end
  return false
end

local function from_direct()
  local terms = {at = slot, close = close, rules = customer_rules(ARGV[15])}
  local _, again = window_at(ARGV[11], close)
  terms.again = again
  while budget > 0 do
    local lane = redis.call('ZRANGE', P .. 'awake:' .. account, 0, 0)[1]
    if not lane then
      return nil
    end
    budget = budget - 1
    if not lane_sleeps(lane, slot) then
      local id = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1]
      if fits(id, lane, terms) then
        return id, terms
      end
    end
  end
end

-- May this campaign have its turn? Returns its terms, or nothing: then it was sent away.
local function campaign_terms(campaign)
  local camp = redis.call('HMGET', P .. 'camp:' .. campaign, 'state', 'interval_us', 'tat_us',
    'max_posting', 'max_live', 'starts_us', 'ends_us', 'caps', 'per_agent', 'weight')
  if camp[1] ~= 'running' or redis.call('EXISTS', P .. 'hold:campaign:' .. campaign) == 1 then
    return leave(account, campaign)
  end
  local at, own = slot, tonumber(camp[2])
  if own > 0 then
    at = math.max(slot, tonumber(camp[3] or '0'))
    if at - now > tonumber(ARGV[13]) then
      return leave(account, campaign, at - tonumber(ARGV[13]))
    end
  end
  if tonumber(camp[6]) > at then
    return leave(account, campaign, tonumber(camp[6]))
  elseif tonumber(camp[7]) <= at + LATE then
    return leave(account, campaign)
  end
  local posting, live = tonumber(camp[4]), tonumber(camp[5])
  if posting > 0 and redis.call('ZCARD', P .. 'posting:' .. account .. '/' .. campaign) >= posting then
    return leave(account, campaign)
  end
  if live > 0 then
    local calls = P .. 'live:' .. account .. '/' .. campaign
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', us(now))
    if redis.call('ZCARD', calls) >= live then
      return leave(account, campaign, tonumber(redis.call('ZRANGE', calls, 0, 0, 'WITHSCORES')[2]))
    end
  end
  return {campaign = campaign, at = at, own = own, per_agent = camp[9], weight = tonumber(camp[10]),
    rules = customer_rules(ARGV[15], camp[8])}
end

-- Hours of one of its zone groups; unknown is closed.
local function calendar_terms(terms, lane)
  local windows = redis.call('GET', P .. 'cal:' .. terms.campaign .. '/' .. lane_calendar(lane))
  if not windows then
    put_to_sleep(lane, now + GLANCE)
    redis.call('SADD', P .. 'unknown:' .. terms.campaign, lane)
    return false
  end
  local closes, opens = window_at(windows, terms.at)
  if not closes then
    -- Whoever changes the hours wakes it.
    put_to_sleep(lane, opens or now + REST)
    return false
  end
  terms.close = math.min(close, closes)
  local _, again = window_at(closes < close and windows or ARGV[11], terms.close)
  terms.again = again
  return true
end

local function from_campaigns()
  while budget > 0 do
    local turn = redis.call('ZRANGE', P .. 'camps:' .. account, 0, 0, 'WITHSCORES')
    local campaign = turn[1]
    if not campaign then
      return nil
    end
    budget = budget - 1
    local terms = campaign_terms(campaign)
    while terms and budget > 0 do
      local lane = redis.call('ZRANGE', P .. 'awake:' .. account .. '/' .. campaign, 0, 0)[1]
      if not lane then
        leave(account, campaign)
        break
      end
      budget = budget - 1
      if not lane_sleeps(lane, terms.at, terms.per_agent) and calendar_terms(terms, lane) then
        local id = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1]
        if fits(id, lane, terms) then
          terms.turn = tonumber(turn[2])
          return id, terms
        end
      end
    end
  end
end

-- Direct calls come first, but a file of them must not starve the campaigns.
local function choose()
  enter_rested(account)
  local owed = tonumber(redis.call('HGET', meter_key, 'direct') or '0') >= DIRECT_IN_ROW
  local id, terms
  if owed then
    id, terms = from_campaigns()
  end
  if not id then
    id, terms = from_direct()
  end
  if not id and not owed then
    id, terms = from_campaigns()
  end
  if id then
    return id, terms
  elseif stop then
    return nil, stop
  elseif budget > 0 then
    return nil, 'empty'
  end
  return nil, 'sorting'
end

-- In place of terms there is the reason when there is no job.
local id, terms = choose()
if not id then
  return no(terms)
end
slot = terms.at

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

-- 8. Go: charge the meters and take every place, in the same instant.
local key = job_key(id)
local lane = redis.call('HGET', key, 'lane')
local lease_end = slot + tonumber(ARGV[12])
local attempt = redis.call('HINCRBY', key, 'attempt', 1)
move('begin', id, 'dialing', lease_end, 'worker', 'attempt ' .. attempt)
redis.call('HSET', key, 'token', token, 'settled', '', 'start_us', us(slot))
redis.call('SET', P .. 'grant:' .. token, id, 'PX', math.ceil(tonumber(ARGV[12]) / 1000))
redis.call('HSET', meter_key, 'tat_us', us(math.max(tat, slot) + interval),
  'interval_us', us(interval), 'burst', burst)
redis.call('ZADD', P .. 'posting:' .. account, us(lease_end), id)
count_start(slot)
local length = redis.call('HMGET', key, 'ring_us', 'talk_us', 'lead_us', 'protected', 'rings')
local nth = id .. '.' .. attempt
reserve_rings(length[4], length[5], nth, slot + LATE + tonumber(length[3]), terms.rules)
wait_no_more(id, length[4])
local talk = tonumber(length[2])
local over = slot + tonumber(length[1]) + (talk > 0 and talk or tonumber(ARGV[14]))
redis.call('ZADD', P .. 'live:' .. account, us(over), nth)
note_pulse(lane, 'starts')

-- Noted whether or not they are limited, so that a limit holds as soon as it is set.
local function note_live(calls)
  redis.call('ZREMRANGEBYSCORE', P .. calls, '-inf', us(now))
  redis.call('ZADD', P .. calls, us(over), nth)
  redis.call('PEXPIRE', P .. calls, math.ceil((over - now) / 1000) + 86400000)
end

local function take_turn()
  local campaign = terms.campaign
  local camp, own = P .. 'camp:' .. campaign, account .. '/' .. campaign
  redis.call('ZADD', P .. 'posting:' .. own, us(lease_end), id)
  note_live('live:' .. own)
  -- Its turn is over in virtual time; the account's time goes on to where the turn began.
  local turn_over = terms.turn + 1000000 / terms.weight
  redis.call('HSET', meter_key, 'turn', us(terms.turn), 'direct', 0)
  redis.call('HSET', camp, 'turn', us(turn_over))
  redis.call('ZADD', P .. 'camps:' .. account, 'XX', us(turn_over), campaign)
  if terms.own > 0 then
    redis.call('HSET', camp, 'tat_us', us(slot + terms.own))
    if slot + terms.own - now > tonumber(ARGV[13]) then
      leave(account, campaign, slot + terms.own - tonumber(ARGV[13]))
    end
  end
end

for _, one in ipairs(crew_of(lane_pool(lane))) do
  note_live('busy:' .. account .. '/' .. one)
end
if terms.campaign then
  take_turn()
elseif redis.call('EXISTS', P .. 'camps:' .. account) == 1 then
  redis.call('HINCRBY', meter_key, 'direct', 1)
end
if probing then
  redis.call('HSET', P .. 'breaker:' .. account, 'probe', token)
end
return go(id)
