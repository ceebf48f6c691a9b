#!lua
-- uses: meter, gate
-- Plan doorbells for one account, and announce the caller as a live worker.
--
-- A doorbell lets one worker begin so many calls. Doorbells are planned for as many calls as the
-- meter will allow within the horizon, work is ready for, the account may have on the wire, and
-- live workers can start, less those of the unanswered ones. One stands for all whose slots the
-- worker can be granted at once when it comes; it is named <number>.<calls>.
--
-- ask.account
-- ask.limits       the account's in the caller's settings, by name
-- ask.windows      of the account, "open-close,..." in us
-- ask.horizon_us
-- ask.lead_us      how early a bell goes out
-- ask.spread_us    slots no later than the first by this share a bell
-- ask.patience_us  how long after it was due it counts as unanswered
-- ask.worker       its name
-- ask.record       of the worker, JSON
-- ask.capacity     calls that it carries at once, 0 when it takes no doorbells
-- ask.free         more calls of this account that it can start now
-- ask.gone_us      after which a silent worker is gone
-- ask.settings     fingerprint of its settings
--
-- Returns  {now, next look, next alarm, last tick (all us, 0 = none), fingerprint of the fleet,
--           calls that the account could start now if its meter allowed them, workers to start
--           them, bell, calls, due, bell, calls, due, ...}
--          The alarm is when time alone makes a job ready; `due` does that.

local account, worker = ask.account, ask.worker
local bells = P .. 'bells:' .. account

-- By a clock in doubt no worker is gone, and no call is over.
local doubt = distrust()
local gone_before = doubt and '-inf' or '(' .. us(now)

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', P .. 'capacity', '-inf', gone_before, 'LIMIT', 0, BOUND)) do
  redis.call('ZREM', P .. 'capacity', gone)
  redis.call('HDEL', P .. 'workers', string.match(gone, '^(.*)=') or gone)
end

-- Live workers have one opinion: those with other settings than the fleet announce no
-- capacity. They take over when no worker of the fleet was heard for so long although they
-- were: a restart, or a server that was away, must not change the settings of the fleet.
local GRACE = 20000000
-- When places are short: how soon to look again while nothing is under way, and while something is.
local GLANCE, GATHER = 50000, 100000
-- For so long an account counts as one that has work: its pacer looks again before.
local WANTS = 5000000
local fleet, mine = redis.call('GET', P .. 'fleet'), ask.settings
local others, heard = false, false
for _, member in ipairs(redis.call('ZRANGE', P .. 'capacity', 0, BOUND)) do
  local name, calls = string.match(member, '^(.*)=(%d+)$')
  if name == worker then
    heard = true
    redis.call('ZREM', P .. 'capacity', member)
  elseif name and calls ~= '0' then
    others = true
  end
end
local function may_take_over()
  if not fleet then
    return true
  end
  local since = redis.call('GET', P .. 'successor')
  if not since or (since ~= '0' and not heard) then
    since = us(now)
    redis.call('SET', P .. 'successor', since)
  end
  return now - (tonumber(since) or 0) >= GRACE
end

if doubt then
  fleet = fleet or mine
elseif fleet == mine or others then
  redis.call('DEL', P .. 'successor')
elseif may_take_over() then
  redis.call('SET', P .. 'fleet', mine)
  redis.call('DEL', P .. 'successor')
  fleet = mine
end
redis.call('HSET', P .. 'workers', worker, ask.record)
local can = P .. 'capacity:' .. account
for _, member in ipairs(redis.call('ZRANGE', can, 0, BOUND)) do
  if string.match(member, '^(.*)=') == worker then
    redis.call('ZREM', can, member)
  end
end
local function announce(key, calls)
  redis.call('ZADD', key, us(now + ask.gone_us), worker .. '=' .. us(fleet == mine and calls or 0))
end
announce(P .. 'capacity', ask.capacity)
announce(can, ask.free)
if not doubt then
  redis.call('ZREMRANGEBYSCORE', can, '-inf', '(' .. us(now))
end

-- The next moment at which time alone makes something ready.
local function next_alarm()
  local due = redis.call('ZRANGE', P .. 'in:scheduled', 0, 0, 'WITHSCORES')
  local wake = redis.call('ZRANGE', P .. 'asleep', 0, 0, 'WITHSCORES')
  local at, lane = tonumber(due[2] or '0'), tonumber(wake[2] or '0')
  if at == 0 or (lane > 0 and lane < at) then
    at = lane
  end
  return at
end

-- One that is to come, since the clock went back, is none.
local function last_tick()
  local tick = tonumber(redis.call('GET', P .. 'tick') or '') or 0
  return us(tick <= now and tick or 0)
end

local function answer(next_look, planned, startable, workers)
  local reply = {us(now), us(next_look), us(next_alarm()), last_tick(), fleet, us(startable or 0), us(workers or 1)}
  for _, word in ipairs(planned or {}) do
    reply[#reply + 1] = word
  end
  return reply
end

-- The account's own damage is no reason to say nothing of the others, or not to be heard of.
RESCUE = {name = 'account ' .. account, answer = function() return answer(0) end}

-- begin notes every call; this forgets those that are surely over, limit or none.
if not doubt then
  end_calls(account)
end
local limits = limits_of(account, ask.limits)

local function in_lanes(awake, most)
  local n = 0
  for _, lane in ipairs(redis.call('ZRANGE', awake, 0, 63)) do
    n = n + redis.call('ZCARD', P .. 'lane:' .. lane)
    if n >= most then
      return most
    end
  end
  return n
end

-- Campaigns with a rate of their own have no more than one start within reach.
local function ready_jobs(most)
  enter_rested(account)
  local n = in_lanes(P .. 'awake:' .. account, most)
  for _, campaign in ipairs(redis.call('ZRANGE', P .. 'camps:' .. account, 0, 63)) do
    if n >= most then
      break
    end
    local _, interval_us = apart('camp:' .. campaign, redis.call, 'HGET', P .. 'camp:' .. campaign, 'interval_us')
    local paced = interval_us ~= '0'
    n = n + in_lanes(P .. 'awake:' .. account .. '/' .. campaign, paced and 1 or most - n)
  end
  return n
end

-- When a campaign that rests may have its turn again, 0 for none.
local function next_turn()
  return tonumber(redis.call('ZRANGE', P .. 'resting:' .. account, 0, 0, 'WITHSCORES')[2] or '0')
end

-- Calls of doorbells that nobody has answered yet.
local function unanswered_calls()
  redis.call('ZREMRANGEBYSCORE', bells, '-inf', us(now))
  local calls = 0
  for _, bell in ipairs(redis.call('ZRANGE', bells, 0, BOUND)) do
    calls = calls + (tonumber(string.match(bell, '%.(%d+)$') or '') or 1)
  end
  return calls
end

local function places()
  redis.call('ZREMRANGEBYSCORE', P .. 'wanting', '-inf', us(now))
  redis.call('ZADD', P .. 'wanting', us(now + WANTS), account)
  local startable, workers = carried('capacity:' .. account)
  local free = carried('capacity') - redis.call('ZCARD', P .. 'in:dialing')
  return math.max(0, math.min(room_of(account, limits), startable, free)), workers
end

if fleet ~= mine or doubt then
  return answer(0)
end
local stopped, probe, probing = account_gate(account)
if stopped then
  return answer(probe and math.max(probe, now + 1000000) or 0)
end
local close, opening = window_at(ask.windows, now)
if not close then
  return answer(opening or 0)
end
local want = ready_jobs(limits.posting)
if want == 0 then
  return answer(next_turn())
end

local planned = {}
-- One doorbell for calls from a slot on.
local function plan_bell(slot, calls)
  local due = math.max(now, slot - ask.lead_us)
  local bell = us(redis.call('INCR', P .. 'bell')) .. '.' .. us(calls)
  redis.call('ZADD', bells, us(due + ask.patience_us), bell)
  planned[#planned + 1] = bell
  planned[#planned + 1] = us(calls)
  planned[#planned + 1] = us(due)
end

local room, workers = places()
local most, unanswered = math.min(room, probing and 1 or want), unanswered_calls()
local tat = arrival_of(account, limits.interval)
local slot, nth, from, calls = 0, 0, nil, 0
while true do
  slot = math.max(now, slot_at(tat, limits))
  if slot > now + ask.horizon_us or nth >= most then
    break
  end
  tat, nth = math.max(tat, slot) + limits.interval, nth + 1
  if nth > unanswered then
    if from and slot - from > ask.spread_us then
      plan_bell(from, calls)
      from, calls = nil, 0
    end
    from, calls = from or slot, calls + 1
  end
end
if from then
  plan_bell(from, calls)
end
local startable = math.min(room, want)
if nth >= most then
  -- Something else than the meter is short; a settle or an enqueue may mend it. What is freed
  -- meanwhile is gathered, so that a doorbell is not for one call each.
  local idle = #planned == 0 and unanswered == 0 and redis.call('ZCARD', P .. 'posting:' .. account) == 0
  return answer(now + (idle and GLANCE or GATHER), planned, startable, workers)
end
return answer(slot - ask.horizon_us, planned, startable, workers)
