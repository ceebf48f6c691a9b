#!lua
-- uses: meter, gate, customer
-- The last word before a phone may ring: choose jobs and move them to dialing, each with a slot
-- and a lease of its own, or say why not. Refused when Redis is full.
--
-- Holds, limits, hours of the account and clocks are read once. Meter, places, turns and counts go
-- on in this script's memory from job to job and are written once; what a candidate reads of
-- its customer or its agents is read after the one before has written.
--
-- ask.account
-- ask.ask           names this ask, new for each; the fence of its nth job is <ask>.<n>
-- ask.count         the most jobs to grant
-- ask.bell          the doorbell that is answered, "<number>.<calls it stands for>", "" for none
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
-- Returns  {"wait", us until the next slot, job, ...} or {"no", why there are no more, job, ...};
--          where all that was asked for was granted "enough", or "more" if the meter allows more:
--          each job is {fence, id, us until its slot, attempt, tries, misses, pool misses, mode,
--          pool, content, redial rules of its campaign (JSON) or ""}

-- Blocked candidates that one ask moves out of the way.
local CANDIDATES = 20
-- Direct calls in a row while a campaign waits: it has a tenth of the starts at least.
local DIRECT_IN_ROW = 9
-- How soon a lane is looked at again: after a glance, without hours, in doubt; us.
local GLANCE, REST, DOUBT = 5000000, 21600000000, 3600000000
-- How long what is to be made anew waits when no feeder does it.
local REMADE = 60000000
-- How long a held lane waits where no release is noted.
local HELD = 600000000
local account, peers, wanted = ask.account, ask.peers, ask.count
local LOOKAHEAD, LATE = ask.lookahead_us, ask.late_us
local account_key = 'account:' .. account
-- What was granted: replies, and the ids as a repeat of this ask finds them.
local jobs, granted = {}, {}

local function answer(word, value)
  return {word, value, unpack(jobs)}
end

local function no(reason)
  return answer('no', reason)
end

RESCUE = {name = 'account ' .. account, answer = function() return no('damaged') end}

-- What the record of a campaign says, read once: its own meter, turn and places go on here.
local campaigns = {}

local pools = {}

-- Until when a pool is not asked, and how often in a row it was in vain; read once.
local function pool_of(pool)
  if not pools[pool] then
    local read = redis.call('HMGET', P .. 'pool:' .. account .. '/' .. pool, 'until_us', 'misses')
    pools[pool] = {until_us = tonumber(read[1] or '') or 0, misses = tonumber(read[2] or '') or 0}
  end
  return pools[pool]
end

local function go(id, token)
  local job = record_of(id)
  local pool, campaign = agents_of(lane_pool(job.lane)), lane_campaign(job.lane)
  local redial = campaign and (campaigns[campaign] and campaigns[campaign].redial
    or redis.call('HGET', P .. 'camp:' .. campaign, 'redial')) or ''
  jobs[#jobs + 1] = {token, id, us(math.max(0, job.start_us - now)), job.attempt, job.tries, job.misses,
    us(pool_of(pool).misses), job.mode, pool, job.content, redial}
end

-- 1. The same request again, because its reply was lost on the way.
local before = redis.call('GET', P .. 'grant:' .. ask.ask)
if before then
  local nth = 0
  for id in string.gmatch(before, '%S+') do
    nth = nth + 1
    local job, token = record_of(id), ask.ask .. '.' .. nth
    if job and job.token == token and job.state == 'dialing' then
      go(id, token)
    end
  end
  return no(#jobs > 0 and 'enough' or 'settled')
end
local stands_for = tonumber(string.match(ask.bell, '%.(%d+)$') or '') or 0
if ask.bell ~= '' then
  redis.call('ZREM', P .. 'bells:' .. account, ask.bell)
end

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
wanted = probing and 1 or wanted

-- 4. The meter, and how much is under way.
local limits = limits_of(account, ask.limits)
local tat = arrival_of(account, limits.interval)
end_calls(account)
local room, full = room_of(account, limits, true)

-- 5. The do-not-call lists must be whole.
local function lists_are_whole()
  local lost = list_damage(account)
  if lost then
    error('the do-not-call list ' .. lost .. ' lacks numbers that were put on it, or is none', 0)
  end
end

-- 6. The best job that no rule stops. Blocked ones move to where they belong.
local budget = CANDIDATES + 3 * wanted
local meter_key = P .. 'meter:' .. account
local turns = redis.call('HMGET', meter_key, 'direct', 'turn')
local direct, turn = tonumber(turns[1] or '') or 0, turns[2]
-- Of the job that is looked for now: its slot, and when the account's hours around that end.
local slot, close
-- The latest slot that was granted.
local last = 0

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
    out_of_lane(lane, id)
  end
  if damage or not id then
    refresh_lane(lane)
    return false
  end
  local job = record_of(id)
  local deadline, numbers = tonumber(job.not_after_us), job.protected
  if job.state ~= 'ready' then
    -- A damaged index must not ring anybody: take the stray entry out.
    out_of_lane(lane, id)
    refresh_lane(lane)
    return false
  end
  if needs_live(job.mode) then
    return false
  end
  if terms.campaign and job.version ~= terms.version then
    -- Out of the way until the feeder has made it anew, which makes it ready at once.
    move('postpone', id, 'scheduled', math.min(now + REMADE, deadline), 'rule', BEHIND)
    let_others_pass(id, numbers)
    call_feeder(terms.campaign)
    return false
  end
  local second = held_agent(peers, job.also or '')
  local sound, allowed, rule =
    apart('rung:' .. numbers, customer_allows, numbers, job.rings, terms.at, terms.rules)
  if terms.at + LATE >= deadline then
    move('skip', id, 'skipped', now, 'rule', 'its deadline has passed', 'deadline')
  elseif on_do_not_call(account, numbers) then
    move('skip', id, 'skipped', now, 'rule', 'the customer is on the do-not-call list',
      'do_not_call')
  elseif not sound then
    move('postpone', id, 'scheduled', math.min(now + DOUBT, deadline), 'rule',
      'when its customer was rung cannot be read: dialer doctor')
  elseif rule and not allowed then
    move('skip', id, 'skipped', now, 'rule', 'one call rings more often than a customer may be rung',
      'cap')
  elseif rule then
    -- Also when that is after its deadline: a ring given back may free the customer before.
    local due = wait_for_customer(id, numbers, math.min(allowed, deadline), deadline, terms.rules.gap,
      math.ceil(terms.rules.longest / 1000000))
    move('postpone', id, 'scheduled', due, 'rule', CUSTOMER[rule])
  elseif second then
    move('postpone', id, 'scheduled', math.min(now + HELD, deadline), 'rule',
      'an agent whom it rings is held')
    let_others_pass(id, numbers)
    wait_for_release(id, second)
  elseif terms.at + LATE + tonumber(job.lead_us) >= terms.close then
    move('postpone', id, 'scheduled', math.min(terms.again or terms.close, deadline), 'rule',
      'calling hours would end before the last ring')
    let_others_pass(id, numbers)
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
  local until_us = pool_of(pool).until_us
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

local direct_rules = customer_rules(ask.customer)

local function from_direct()
  local terms = {at = slot, close = close, rules = direct_rules}
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
      AWAKE[lane] = true
      local id = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1]
      if fits(id, lane, terms) then
        return id, terms
      end
    end
  end
end

local function end_campaign_calls(campaign)
  end_calls(account .. '/' .. campaign)
  return redis.call('ZCARD', P .. 'live:' .. account .. '/' .. campaign)
end

local function campaign_of(name)
  if campaigns[name] then
    return campaigns[name]
  end
  local read = redis.call('HMGET', P .. 'camp:' .. name, 'state', 'interval_us', 'tat_us',
    'max_posting', 'max_live', 'starts_us', 'ends_us', 'caps', 'per_agent', 'weight',
    'version', 'steps', 'redial')
  local camp = {runs = read[1] == 'running' and not is_held('campaign:' .. name), per_agent = read[9],
    version = read[11], redial = read[13] or ''}
  if camp.runs then
    camp.own, camp.starts, camp.ends = tonumber(read[2]), tonumber(read[6]), tonumber(read[7])
    camp.tat = camp.own > 0 and over_steps(P .. 'camp:' .. name, tonumber(read[3] or '0'), read[12], camp.own) or 0
    camp.most_posting, camp.most_live, camp.weight = tonumber(read[4]), tonumber(read[5]), read[10] + 0
    camp.rules = customer_rules(ask.customer, read[8])
    camp.posting = under_way(account .. '/' .. name)
    camp.live = end_campaign_calls(name)
  end
  campaigns[name] = camp
  return camp
end

-- May this campaign have its turn? Returns its terms, or nothing: then it was sent away.
local function campaign_terms(name)
  local camp = campaign_of(name)
  if not camp.runs then
    return leave(account, name)
  end
  local at = math.max(slot, camp.tat)
  if at - now > LOOKAHEAD then
    return leave(account, name, at - LOOKAHEAD)
  elseif at > slot and not early then
    kept_back = true
    return leave(account, name, at - LOOKAHEAD)
  end
  if camp.starts > at then
    return leave(account, name, camp.starts)
  elseif camp.ends <= at + LATE then
    return leave(account, name)
  end
  if camp.most_posting > 0 and camp.posting >= camp.most_posting then
    return leave(account, name)
  end
  if camp.most_live > 0 and camp.live >= camp.most_live then
    local calls = P .. 'live:' .. account .. '/' .. name
    return leave(account, name, tonumber(redis.call('ZRANGE', calls, 0, 0, 'WITHSCORES')[2]))
  end
  return {campaign = name, camp = camp, at = at, per_agent = camp.per_agent, version = camp.version,
    rules = camp.rules}
end

-- Hours of one of its zone groups; unknown is closed.
local calendars = {}

local function calendar_terms(terms, lane)
  local group = terms.campaign .. '/' .. lane_calendar(lane)
  local windows = calendars[group] or redis.call('GET', P .. 'cal:' .. group)
  calendars[group] = windows
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
        AWAKE[lane] = true
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
  -- One that was kept back for its own start may have its turn at a later slot.
  if #jobs == 0 or kept_back then
    enter_rested(account)
  end
  kept_back, early = false, false
  local owed, id, terms = direct >= DIRECT_IN_ROW, nil, nil
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

-- 7. Go: take every place in the same instant.
local sound_leaving, leaving = apart('leaving', redis.call, 'GET', P .. 'leaving')
leaving = tonumber(sound_leaving and (leaving or '0') or '')
local started, looked_at = {}, {}
local shares = redis.call('EXISTS', P .. 'camps:' .. account) == 1

-- Noted whether or not they are limited, so that a limit holds as soon as it is set.
local function note_live(calls, nth, over)
  redis.call('ZADD', P .. calls, us(over), nth)
end

local function take_turn(terms, nth, id, over)
  local name, camp, own = terms.campaign, terms.camp, account .. '/' .. terms.campaign
  redis.call('ZADD', P .. 'posting:' .. own, us(slot + ask.lease_us), id)
  note_live('live:' .. own, nth, over)
  camp.posting, camp.live = camp.posting + 1, camp.live + 1
  -- Its turn is over in virtual time; the account's time goes on to where the turn began.
  local turn_over = us(terms.turn + 1000000 / camp.weight)
  turn, direct = us(terms.turn), 0
  redis.call('HSET', P .. 'camp:' .. name, 'turn', turn_over)
  redis.call('ZADD', P .. 'camps:' .. account, 'XX', turn_over, name)
  if camp.own > 0 then
    camp.tat, camp.charged = slot + camp.own, true
    if camp.tat - now > LOOKAHEAD then
      leave(account, name, camp.tat - LOOKAHEAD)
    end
  end
end

-- What is about to be written is read first: once a job is granted nothing may fail.
local function look_at_places(crew, rules)
  for _, one in ipairs(crew) do
    if not looked_at[one] then
      local busy = P .. 'busy:' .. account .. '/' .. one
      if redis.call('ZCARD', busy) > 0 then
        redis.call('ZREMRANGEBYSCORE', busy, '-inf', us(now))
      end
      looked_at[one] = true
    end
  end
  longest_period(rules)
end

local function grant(id, terms)
  local job, token = record_of(id), ask.ask .. '.' .. (#jobs + 1)
  local crew = crew_of(lane_pool(job.lane))
  look_at_places(crew, terms.rules)
  slot = terms.at
  last = math.max(last, slot)
  RESCUE, granted[#granted + 1] = nil, id
  local attempt, lane = us(job.attempt + 1), job.lane
  local nth = id .. '.' .. attempt
  -- Nobody is behind one that never had to wait.
  local waited = job.entered_us ~= job.created_us
  move('begin', id, 'dialing', slot + ask.lease_us, 'worker', 'attempt ' .. attempt, nil,
    {attempt = attempt, token = token, settled = '', start_us = us(slot)})
  redis.call('ZADD', P .. 'posting:' .. account, us(slot + ask.lease_us), id)
  local rings = slot + LATE + tonumber(job.lead_us)
  reserve_rings(job.protected, job.rings, nth, rings, terms.rules)
  if waited then
    let_others_pass(id, job.protected, rings + terms.rules.gap)
  end
  local talk = tonumber(job.talk_us)
  local over = slot + tonumber(job.ring_us) + (talk > 0 and talk or ask.assumed_us)
  redis.call('ZADD', P .. 'live:' .. account, us(over), nth)
  for _, one in ipairs(crew) do
    note_live('busy:' .. account .. '/' .. one, nth, over)
  end
  note_pulse(lane, 'starts')
  if terms.campaign then
    take_turn(terms, nth, id, over)
  elseif shares then
    direct = direct + 1
  end
  if probing then
    redis.call('HSET', P .. 'breaker:' .. account, 'probe', token)
  end
  local bucket = us(math.floor(slot / 10000000))
  started[bucket] = (started[bucket] or 0) + 1
  tat, room = math.max(tat, slot) + limits.interval, room - 1
  go(id, token)
  RESCUE = {name = 'account ' .. account, answer = function() return no('damaged') end}
end

-- For `dialer status` only: no rule reads it.
local function count_starts()
  local key = P .. 'started:' .. account
  for bucket, count in pairs(started) do
    if redis.call('HINCRBY', key, bucket, count) == count then
      for _, old in ipairs(redis.call('HKEYS', key)) do
        if (tonumber(old) or 0) < bucket - 12 then
          redis.call('HDEL', key, old)
        end
      end
    end
  end
end

-- 8. Charge the meters, once for all that was granted.
local function charge()
  redis.call('SET', P .. 'grant:' .. ask.ask, table.concat(granted, ' '),
    'PX', us(math.ceil(ask.lease_us / 1000)))
  redis.call('HSET', meter_key, 'tat_us', us(tat), 'interval_us', us(limits.interval),
    'burst', us(limits.burst), 'steps', STEPS, 'direct', us(direct), 'turn', turn or '0')
  for name, camp in pairs(campaigns) do
    if camp.charged then
      redis.call('HSET', P .. 'camp:' .. name, 'tat_us', us(camp.tat), 'steps', STEPS)
    end
  end
  -- Where the earlier grants are unknown: the latest that they can have been.
  local leaves = leaving and last + LATE or now + LOOKAHEAD + LATE
  if leaves > (leaving or 0) then
    redis.call('SET', P .. 'leaving', us(leaves))
  end
  redis.call('HDEL', P .. 'damaged', 'account ' .. account)
  count_starts()
end

-- Returns what the answer is when no more is granted.
local function next_one()
  slot = math.max(now, slot_at(tat, limits))
  if #jobs >= wanted then
    return 'no', slot - now > LOOKAHEAD and 'enough' or 'more'
  elseif slot - now > LOOKAHEAD then
    return 'wait', us(slot - now)
  elseif room < 1 then
    return 'no', full
  end
  -- Calling hours of the account; unknown is closed.
  close = window_at(ask.windows, slot)
  if not close then
    return 'no', 'closed'
  end
  local id, terms = choose()
  if not id then
    -- In place of terms there is the reason when there is no job.
    return 'no', terms
  end
  grant(id, terms)
end

local word, value
local function grant_all()
  lists_are_whole()
  while not word do
    word, value = next_one()
  end
end

local done, failure = pcall(grant_all)
if #granted > 0 then
  charge()
end
if not done then
  error(failure, 0)
end
-- Its calls that were not granted here are there for another doorbell, or for this one's next ask.
if #jobs < stands_for then
  if word == 'wait' and tonumber(value) <= 2 * LOOKAHEAD then
    local left = string.match(ask.bell, '^(.*%.)') .. us(stands_for - #jobs)
    redis.call('ZADD', P .. 'bells:' .. account, us(now + value + LOOKAHEAD), left)
  elseif value ~= 'empty' then
    wake_pacer()
  end
end
return answer(word, value)
