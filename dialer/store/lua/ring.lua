#!lua
-- Plan doorbells for one account, and announce the caller as a live worker.
--
-- A doorbell lets one worker try one `begin`. As many are planned as the
-- meter will allow within the horizon, work is ready for, the account may
-- have on the wire, and live workers can carry, less those unanswered.
--
-- KEYS[1]  prefix
-- ARGV[1]  account
-- ARGV[2]  calls per second   ARGV[3] burst   ARGV[4] max posting   ARGV[5] max live calls
-- ARGV[6]  windows of the account, "open-close,..." in us
-- ARGV[7]  horizon, us        ARGV[8] lead, us: how early a bell goes out
-- ARGV[9]  bell timeout, us   ARGV[10] worker name
-- ARGV[11] worker's record, JSON   ARGV[12] its capacity, calls at once
-- ARGV[13] us after which a silent worker is gone
-- ARGV[14] fingerprint of its settings
--
-- Returns  {now, next look, next alarm, last tick (all us, 0 = none), seq, fingerprint of the fleet,
--           bell, due, bell, due, ...}
--          The alarm is when time alone makes a job ready; `due` does that.

local account = ARGV[1]
local interval, burst, max_posting, max_live =
  limits_of(account, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
local horizon, lead, patience = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local bells = P .. 'bells:' .. account

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', P .. 'capacity', '-inf', '(' .. us(now))) do
  redis.call('ZREM', P .. 'capacity', gone)
  redis.call('HDEL', P .. 'workers', string.match(gone, '^(.*)='))
end

-- Live workers have one opinion: those with other settings than the fleet announce no
-- capacity. They take over when nobody of the fleet was heard for so long although they
-- were: a restart, or a server that was away, must not change what everybody dials with.
local GRACE = 20000000
local fleet, mine = redis.call('GET', P .. 'fleet'), ARGV[14]
local others, heard = false, false
for _, member in ipairs(redis.call('ZRANGE', P .. 'capacity', 0, -1)) do
  local name, calls = string.match(member, '^(.*)=(%d+)$')
  if name == ARGV[10] then
    heard = true
    redis.call('ZREM', P .. 'capacity', member)
  elseif calls ~= '0' then
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
  return now - tonumber(since) >= GRACE
end

if fleet == mine or others then
  redis.call('DEL', P .. 'successor')
elseif may_take_over() then
  redis.call('SET', P .. 'fleet', mine)
  redis.call('DEL', P .. 'successor')
  fleet = mine
end
redis.call('HSET', P .. 'workers', ARGV[10], ARGV[11])
redis.call('ZADD', P .. 'capacity', us(now + tonumber(ARGV[13])),
  ARGV[10] .. '=' .. (fleet == mine and ARGV[12] or '0'))

-- begin notes every call; this forgets those that are surely over, limit or none.
redis.call('ZREMRANGEBYSCORE', P .. 'live:' .. account, '-inf', us(now))

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

local function answer(next_look, planned)
  local reply = {us(now), us(next_look), us(next_alarm()), redis.call('GET', P .. 'tick') or '0',
    us(seen()), fleet}
  for _, word in ipairs(planned or {}) do
    reply[#reply + 1] = word
  end
  return reply
end

-- Returns whether the account is stopped, when to look again, and whether one
-- probe may pass.
local function held()
  if redis.call('EXISTS', P .. 'hold:all') == 1 then
    return true, 0
  end
  local owners = redis.call('HLEN', P .. 'hold:account:' .. account)
  if owners == 0 then
    return false
  end
  local breaker = redis.call('HMGET', P .. 'breaker:' .. account, 'probe_us', 'probe')
  if owners > 1 or not breaker[1] then
    return true, 0
  end
  local probe = tonumber(breaker[1])
  if breaker[2] ~= '' or probe > now then
    return true, math.max(probe, now + 1000000)
  end
  return false, 0, true
end

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
    local paced = redis.call('HGET', P .. 'camp:' .. campaign, 'interval_us') ~= '0'
    n = n + in_lanes(P .. 'awake:' .. account .. '/' .. campaign, paced and 1 or most - n)
  end
  return n
end

-- When a campaign that rests may have its turn again, 0 for none.
local function next_turn()
  return tonumber(redis.call('ZRANGE', P .. 'resting:' .. account, 0, 0, 'WITHSCORES')[2] or '0')
end

local function room()
  redis.call('ZREMRANGEBYSCORE', bells, '-inf', us(now))
  local posting = redis.call('ZCARD', P .. 'posting:' .. account)
  local most = max_posting - posting
  if max_live > 0 then
    most = math.min(most, max_live - redis.call('ZCARD', P .. 'live:' .. account))
  end
  local carry = 0
  for _, worker in ipairs(redis.call('ZRANGE', P .. 'capacity', 0, -1)) do
    carry = carry + tonumber(string.match(worker, '=(%d+)$'))
  end
  return math.min(most, carry - redis.call('ZCARD', P .. 'in:dialing'))
end

if fleet ~= mine then
  return answer(0)
end
local stopped, again, probing = held()
if stopped then
  return answer(again)
end
local close, opening = window_at(ARGV[6], now)
if not close then
  return answer(opening or 0)
end
local want = ready_jobs(max_posting)
if want == 0 then
  return answer(next_turn())
end
local most = math.min(room(), probing and 1 or want)
local unanswered = redis.call('ZCARD', bells)
local tat = arrival_of(account, interval)
local planned, slot, nth = {}, 0, 0
while true do
  slot = math.max(now, tat - (burst - 1) * interval)
  if slot > now + horizon or nth >= most then
    break
  end
  tat = math.max(tat, slot) + interval
  nth = nth + 1
  if nth > unanswered then
    local due = math.max(now, slot - lead)
    local bell = us(redis.call('INCR', P .. 'bell'))
    redis.call('ZADD', bells, us(due + patience), bell)
    planned[#planned + 1] = bell
    planned[#planned + 1] = us(due)
  end
end
if nth >= most then
  -- Something else than the meter is short; a settle or an enqueue may mend it.
  return answer(now + 50000, planned)
end
return answer(slot - horizon, planned)
