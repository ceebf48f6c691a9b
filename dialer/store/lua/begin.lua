#!lua
-- uses: meter, gate, customer
-- The last word before a phone may ring: choose a job and move it to dialing,
-- or say why not. Refused when Redis is full.
--
-- ask.account
-- ask.token         of this attempt, new for each call
-- ask.bell          the doorbell that is answered, "" for none
-- ask.limits        the account's in the caller's settings, by name
-- ask.windows       of the account, "open-close,..." in us
-- ask.lease_us
-- ask.lookahead_us  how far ahead a slot may be granted
-- ask.assumed_us    length of a call without a time limit
-- ask.customer      rules (customer.lua)
-- ask.late_us       how long after its slot a request may leave: its rings may be that much later
-- ask.settings      fingerprint of the caller's settings, "" for none
-- ask.mode          the highest in which the caller may dial, "developer" or "live"
-- ask.peers         accounts with the same user id, itself among them: their agents are the same people
--
-- Returns  {"go", id, us until its slot, attempt, tries, misses, pool misses, mode, pool, content,
--           redial rules of its campaign (JSON) or ""}
--          {"wait", us until the next slot}
--          {"no", reason}

local CANDIDATES = 20
-- Direct calls in a row while a campaign waits: it has a tenth of the starts at least.
local DIRECT_IN_ROW = 9
-- How soon a lane is looked at again: after a glance, without hours, in doubt; us.
local GLANCE, REST, DOUBT = 5000000, 21600000000, 3600000000
-- How long what is to be made anew waits when no feeder does it.
local REMADE = 60000000
-- How long a held lane waits where no release is noted.
local HELD = 600000000
local account, token, peers = ask.account, ask.token, ask.peers
local LOOKAHEAD, LATE = ask.lookahead_us, ask.late_us
local account_key = 'account:' .. account

local function no(reason)
  return {'no', reason}
end

RESCUE = {name = 'account ' .. account, answer = function() return no('damaged') end}

local function go(id)
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'start_us', 'attempt', 'tries', 'misses', 'mode', 'lane', 'content')
  local pool, campaign = agents_of(lane_pool(job[6])), lane_campaign(job[6])
  local redial = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'redial')
  local pool_misses =
    tonumber(redis.call('HGET', P .. 'pool:' .. account .. '/' .. pool, 'misses') or '') or 0
  return {'go', id, us(math.max(0, job[1] - now)), job[2], job[3], job[4], us(pool_misses),
    job[5], pool, job[7], redial or ''}
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
redis.call('ZREM', P .. 'bells:' .. account, ask.bell)

-- 2. Are the clocks, and the server's memory, to be trusted?
local doubt = distrust(MOMENT)
if doubt then
  return no(doubt)
end
local fleet = redis.call('GET', P .. 'fleet')
if fleet and ask.settings ~= '' and ask.settings ~= fleet then
  wake_pacer()  -- another doorbell takes the place of this one
  return no('settings')
end

-- 3. Holds, and the breaker's one probe.
local stopped, _, probing = account_gate(account)
if stopped then
  return no(stopped)
end

-- 4. The meter: the instant at which this call may start.
local limits = limits_of(account, ask.limits)
local tat = arrival_of(account, limits.interval)
local slot = math.max(now, slot_at(tat, limits))
if slot - now > LOOKAHEAD then
  return {'wait', us(slot - now)}
end

-- 5. How much is under way.
end_calls(account)
local _, full = room_of(account, limits, true)
if full then
  return no(full)
end

-- 6. Calling hours of the account; unknown is closed.
local close = window_at(ask.windows, slot)
if not close then
  return no('closed')
end

-- 7. The best job that no rule stops. Blocked ones move to where they belong.
local lost = list_damage(account)
if lost then
  error('the do-not-call list ' .. lost .. ' lacks numbers that were put on it, or is none', 0)
end
local budget = CANDIDATES
local meter_key = P .. 'meter:' .. account

local CUSTOMER = {
  gap = 'the customer has been called too recently',
  cap = 'the customer has been called as often as allowed',
}

-- Set when what was found stops the account.
local stop
-- Whether a campaign waits for its own next start alone, and whether such a one has its turn:
-- only where nobody else wants the slot, as the account's meter goes on from that start.
local kept_back, early = false, false

-- A live job must not be spent on a request that rings no phone.
local function needs_live(mode)
  if mode ~= 'live' or ask.mode == 'live' then
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
  local damage = id and unusable(id)
  if damage then
    set_aside(id, 'ready', damage)
    redis.call('ZREM', P .. 'lane:' .. lane, id)
  end
  if damage or not id then
    refresh_lane(lane)
    return false
  end
  local job = redis.call('HMGET', job_key(id), 'not_after_us', 'protected', 'lead_us', 'rings',
    'state', 'mode', 'version', 'also')
  if job[5] ~= 'ready' then
    -- A damaged index must not ring anybody: take the stray entry out.
    redis.call('ZREM', P .. 'lane:' .. lane, id)
    refresh_lane(lane)
    return false
  end
  if needs_live(job[6]) then
    return false
  end
  if terms.campaign and job[7] ~= terms.version then
    -- Out of the way until the feeder has made it anew, which makes it ready at once.
    move('postpone', id, 'scheduled', math.min(now + REMADE, tonumber(job[1])), 'rule', BEHIND)
    let_others_pass(id, job[2])
    call_feeder(terms.campaign)
    return false
  end
  local second = held_agent(peers, job[8] or '')
  local sound, allowed, rule =
    apart('rung:' .. job[2], customer_allows, job[2], job[4], terms.at, terms.rules)
  if terms.at + LATE >= tonumber(job[1]) then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed', 'deadline')
  elseif on_do_not_call(account, job[2]) then
    move('skip', id, 'skipped', now, 'rule', 'the customer is on the do-not-call list',
      'do_not_call')
  elseif not sound then
    move('postpone', id, 'scheduled', math.min(now + DOUBT, tonumber(job[1])), 'rule',
      'when its customer was rung cannot be read: dialer doctor')
  elseif rule and not allowed then
    move('skip', id, 'skipped', now, 'rule', 'one call rings more often than a customer may be rung',
      'cap')
  elseif rule then
    -- Also when that is after its deadline: a ring given back may free the customer before.
    local deadline = tonumber(job[1])
    local due = wait_for_customer(id, job[2], math.min(allowed, deadline), deadline, terms.rules.gap,
      math.ceil(terms.rules.longest / 1000000))
    move('postpone', id, 'scheduled', due, 'rule', CUSTOMER[rule])
  elseif second then
    move('postpone', id, 'scheduled', math.min(now + HELD, tonumber(job[1])), 'rule',
      'an agent whom it rings is held')
    let_others_pass(id, job[2])
    wait_for_release(id, second)
  elseif terms.at + LATE + tonumber(job[3]) >= terms.close then
    move('postpone', id, 'scheduled', math.min(terms.again or terms.close, tonumber(job[1])), 'rule',
      'calling hours would end before the last ring')
    let_others_pass(id, job[2])
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
  local until_us = tonumber(redis.call('HGET', P .. 'pool:' .. scope, 'until_us') or '') or 0
  if until_us <= at and held_agent(peers, pool) then
    until_us = now + HELD
  elseif until_us <= at and per_agent then
    local most = crew_limit(pool, per_agent)
    if most > 0 then
      local calls, first = crew_calls(peers, pool, most)
      until_us = calls >= most and first or until_us
    end
  end
  if until_us > at then
    wait_for_agents(lane, until_us, peers)
    return true
  end
  return false
end

local function from_direct()
  local terms = {at = slot, close = close, rules = customer_rules(ask.customer)}
  local _, again = window_at(ask.windows, close)
  terms.again = again
  while budget > 0 do
    local lane = redis.call('ZRANGE', P .. 'awake:' .. account, 0, 0)[1]
    if not lane then
      return nil
    end
    budget = budget - 1
    if not lane_pool(lane) then
      redis.call('ZREM', P .. 'awake:' .. account, lane)  -- no lane of ours
    elseif not lane_sleeps(lane, slot) then
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
    'max_posting', 'max_live', 'starts_us', 'ends_us', 'caps', 'per_agent', 'weight',
    'version', 'steps')
  if camp[1] ~= 'running' or is_held('campaign:' .. campaign) then
    return leave(account, campaign)
  end
  local at, own = slot, tonumber(camp[2])
  if own > 0 then
    at = math.max(slot,
      over_steps(P .. 'camp:' .. campaign, tonumber(camp[3] or '0'), camp[12], own))
    if at - now > LOOKAHEAD then
      return leave(account, campaign, at - LOOKAHEAD)
    elseif at > slot and not early then
      kept_back = true
      return leave(account, campaign, at - LOOKAHEAD)
    end
  end
  if tonumber(camp[6]) > at then
    return leave(account, campaign, tonumber(camp[6]))
  elseif tonumber(camp[7]) <= at + LATE then
    return leave(account, campaign)
  end
  local most_posting, most_live = tonumber(camp[4]), tonumber(camp[5])
  local posting = under_way(account .. '/' .. campaign)
  if most_posting > 0 and posting >= most_posting then
    return leave(account, campaign)
  end
  local calls = P .. 'live:' .. account .. '/' .. campaign
  end_calls(account .. '/' .. campaign)
  local live = redis.call('ZCARD', calls)
  if most_live > 0 and live >= most_live then
    return leave(account, campaign, tonumber(redis.call('ZRANGE', calls, 0, 0, 'WITHSCORES')[2]))
  end
  return {campaign = campaign, at = at, own = own, per_agent = camp[9], weight = camp[10] + 0,
    version = camp[11], rules = customer_rules(ask.customer, camp[8])}
end

-- Hours of one of its zone groups; unknown is closed.
local function calendar_terms(terms, lane)
  local windows = redis.call('GET', P .. 'cal:' .. terms.campaign .. '/' .. lane_calendar(lane))
  if not windows then
    put_to_sleep(lane, now + GLANCE)
    redis.call('SADD', P .. 'unknown:' .. terms.campaign, lane)
    redis.call('EXPIRE', P .. 'unknown:' .. terms.campaign, 60)
    return false
  end
  local closes, opens = window_at(windows, terms.at)
  if not closes then
    -- A change of the hours wakes it.
    put_to_sleep(lane, opens or now + REST)
    return false
  end
  terms.close = math.min(close, closes)
  local _, again = window_at(closes < close and windows or ask.windows, terms.close)
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
    local sound, terms = apart('camp:' .. campaign, campaign_terms, campaign)
    if not sound then
      leave(account, campaign)
    end
    while terms and budget > 0 do
      local lane = redis.call('ZRANGE', P .. 'awake:' .. account .. '/' .. campaign, 0, 0)[1]
      if not lane then
        leave(account, campaign)
        break
      end
      budget = budget - 1
      if not lane_pool(lane) then
        redis.call('ZREM', P .. 'awake:' .. account .. '/' .. campaign, lane)
      elseif not lane_sleeps(lane, terms.at, terms.per_agent) and calendar_terms(terms, lane) then
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
  if not id and kept_back then
    early = true
    enter_rested(account)
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
      if (tonumber(old) or 0) < bucket - 12 then
        redis.call('HDEL', started, old)
      end
    end
  end
end

-- 8. Go: charge the meters and take every place, in the same instant.
local key = job_key(id)
local lane = redis.call('HGET', key, 'lane')
-- What is about to be written is read first: from here on nothing may fail.
for _, one in ipairs(crew_of(lane_pool(lane))) do
  redis.call('ZCARD', P .. 'busy:' .. account .. '/' .. one)
end
longest_period(terms.rules)
if not tonumber(redis.call('GET', P .. 'seq') or '0') then
  return no('damaged')
end
local sound, leaving = apart('leaving', redis.call, 'GET', P .. 'leaving')
RESCUE = nil
redis.call('HDEL', P .. 'damaged', 'account ' .. account)
local lease_end = slot + ask.lease_us
local attempt = redis.call('HINCRBY', key, 'attempt', 1)
move('begin', id, 'dialing', lease_end, 'worker', 'attempt ' .. attempt)
redis.call('HSET', key, 'token', token, 'settled', '', 'start_us', us(slot))
redis.call('SET', P .. 'grant:' .. token, id, 'PX', us(math.ceil(ask.lease_us / 1000)))
redis.call('HSET', meter_key, 'tat_us', us(math.max(tat, slot) + limits.interval),
  'interval_us', us(limits.interval), 'burst', us(limits.burst), 'steps', STEPS)
redis.call('ZADD', P .. 'posting:' .. account, us(lease_end), id)
-- Where the earlier grants are unknown: the latest that they can have been.
local leaves = tonumber(sound and (leaving or '0') or '') and slot + LATE or now + LOOKAHEAD + LATE
if leaves > (tonumber(sound and leaving or '') or 0) then
  redis.call('SET', P .. 'leaving', us(leaves))
end
count_start(slot)
local length = redis.call('HMGET', key, 'ring_us', 'talk_us', 'lead_us', 'protected', 'rings')
local nth = id .. '.' .. attempt
reserve_rings(length[4], length[5], nth, slot + LATE + tonumber(length[3]), terms.rules)
let_others_pass(id, length[4], slot + LATE + tonumber(length[3]) + terms.rules.gap)
local talk = tonumber(length[2])
local over = slot + tonumber(length[1]) + (talk > 0 and talk or ask.assumed_us)
redis.call('ZADD', P .. 'live:' .. account, us(over), nth)
note_pulse(lane, 'starts')

-- Noted whether or not they are limited, so that a limit holds as soon as it is set.
local function note_live(calls)
  redis.call('ZREMRANGEBYSCORE', P .. calls, '-inf', us(now))
  redis.call('ZADD', P .. calls, us(over), nth)
  redis.call('PEXPIRE', P .. calls, KEEP)
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
    redis.call('HSET', camp, 'tat_us', us(slot + terms.own), 'steps', STEPS)
    if slot + terms.own - now > LOOKAHEAD then
      leave(account, campaign, slot + terms.own - LOOKAHEAD)
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
