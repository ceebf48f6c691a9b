-- Shared by every script; put between its `#!lua` line and its body.
--
-- The store renders ARROWS from TRANSITIONS in dialer/domain/job/job.py in front of this,
-- so a move that is not in there cannot be made by any script.
--
-- KEYS[1]  the prefix of every key, one hash tag: "{dialer}:". What each key
--          holds is written down once, in dialer/store/redis/schema.py.
-- KEYS[2]  where the reply of this call is kept, to be given again when the call
--          is sent again; only for ANSWERED ones (dialer/store/redis/scripts.py)
-- ARGV[1]  what is asked, JSON: arguments by name, which the head of each script describes, and
--          caller, what the caller knows of this store (dialer/store/redis/witness.py)
--
-- Each reply goes out with the number of the last transition beside it: see of_itself.

local P = KEYS[1]
local ask = cjson.decode(ARGV[1])
local CALLER = ask.caller
local now = server_time()

-- Lua prints 1.7638720001235e+15 for a time; this keeps its microseconds.
local function us(n)
  return string.format('%.0f', n)
end

-- The highest transition number: what a process has seen once must never be
-- missing again, or the server has forgotten what it acknowledged.
local _, SEQ = apart('seq', redis.call, 'GET', P .. 'seq')
local SEQ_IS_SOUND = tonumber(SEQ or '0') ~= nil
SEQ = tonumber(SEQ or '') or 0

-- What is counted up by a script is written once, when it is over: see written_down.
local transitions, sums = 0, {}

local function count_transition()
  SEQ, transitions = SEQ + 1, transitions + 1
end

-- Count a field of a hash up; damage keeps nothing from happening, and is named after its key.
local function count_up(key, field, by)
  local fields = sums[key] or {}
  sums[key], fields[field] = fields, (fields[field] or 0) + by
end

local function written_down()
  if transitions > 0 then
    local counted, seq = apart('seq', redis.call, 'INCRBY', P .. 'seq', transitions)
    SEQ = counted and seq or SEQ
  end
  for key, fields in pairs(sums) do
    for field, by in pairs(fields) do
      if by ~= 0 then
        apart(key, redis.call, 'HINCRBY', P .. key, field, by)
      end
    end
  end
end

-- A step of the clock that is lived through; a longer silence between two scripts than living
-- workers leave; how long after one they are given to say that the clock jumped over it: us.
local STEP, SILENCE, SETTLING = 3000000, 10000000, 3000000
-- Beside another clock, so much that a meter would give it away.
local MOMENT = 500000

-- Time to live of keys that tidy.lua forgets, ms: ten years. A shorter one of the server's own
-- would be over at a step forward of its clock, and people would be rung again.
local KEEP = 315360000000

local ERA = {}
local _, era = apart('era', redis.call, 'HMGET', P .. 'era', 'id', 'was', 'most_us', 'woke_us', 'steps', 'gained_us')
ERA.id, ERA.was, ERA.most, ERA.woke, ERA.steps, ERA.gained = unpack(era or {})
ERA.id, ERA.most, ERA.woke = ERA.id or '', tonumber(ERA.most or '') or 0, tonumber(ERA.woke or '') or 0

-- Has the store forgotten what the caller saw: is it another one, or an older copy? One that
-- a person has joined to what the caller knows is neither.
local FORGOTTEN = (CALLER.era == ERA.id or CALLER.era == '') and CALLER.seq > SEQ
  or CALLER.era ~= '' and CALLER.era ~= ERA.id
    and not string.find(' ' .. (ERA.was or '') .. ' ', ' ' .. CALLER.era .. ' ', 1, true)
local WENT_BACK = now < ERA.most - STEP

local function off(clock, most)
  return clock > 0 and math.abs(clock - now) > most
end

-- A new process cannot tell a silence from a step; the others can, so they go first.
local function settles()
  if CALLER.expected == 0 and ERA.most > 0 and now - ERA.most > SILENCE then
    local sound, living = apart('capacity', redis.call, 'ZCOUNT', P .. 'capacity', us(ERA.most), '+inf')
    ERA.woke = (not sound or living > 0) and now or ERA.woke
  end
  return now >= ERA.woke and now - ERA.woke < SETTLING
end

local SETTLES = settles()

-- May this clock be wrong, as far as the caller can tell?
-- most  how much longer than expected it may have taken to come here, us
local function clock_in_doubt(most)
  return WENT_BACK or SETTLES or off(CALLER.wall, CALLER.tolerance) or off(CALLER.expected, most)
end

-- The greatest time that was believed; what is later than that by a jump is not.
if MAY_WRITE and SETTLES and ERA.woke == now then
  redis.call('HSET', P .. 'era', 'woke_us', us(now))
end
if MAY_WRITE and now > ERA.most + 200000 and (ERA.most == 0 or not clock_in_doubt(STEP))
  and server.pcall('HEXISTS', P .. 'hold:all', 'clock') == 0 then
  redis.call('HSET', P .. 'era', 'most_us', us(now))
end

-- What every reply says beside itself, for the caller's memory.
local function of_itself()
  return {us(now), ERA.id, us(SEQ), WENT_BACK and '1' or '0', FORGOTTEN and '1' or '0'}
end

-- Does an arrow start from a state, or lead to it?
-- way  from or to
local function leads(verb, way, state)
  return string.find(ARROWS, '|' .. verb .. ' ' .. way .. ' ' .. state .. '|', 1, true)
end

local function job_key(id)
  return P .. 'job:' .. id
end

-- The log of a job with one more arrow; the first and the last 31 are kept.
local function noted(log, from, to, who, why)
  local _, lines = string.gsub(log, '\n', '')
  if lines >= 32 then
    -- The first stays: it says who made the job.
    local _, made = string.find(log, '\n', 1, true)
    local _, second = string.find(log, '\n', made + 1, true)
    log = string.sub(log, 1, made) .. string.sub(log, second + 1)
  end
  return log .. us(now) .. '\t' .. from .. '\t' .. to .. '\t' .. who .. '\t' .. why .. '\n'
end

local function lane_account(lane)
  return string.match(lane, '^([^/]+)/')
end

local function lane_pool(lane)
  return string.match(lane, '^[^/]+/[^/]+/[^/]+/(.*)$')
end

-- What a pool is for its clock: a plain number is none, its jobs wait alone.
local function agents_of(pool)
  return string.sub(pool, 1, 7) == 'number:' and '' or pool
end

-- Whom a pool rings, one by one: "agent:12,13/..." is agent:12 and agent:13,
-- however they are logged in; numbers go by their digests. An agent is the same
-- person in every pool, so their calls are counted one by one.
local function crew_of(pool)
  local kind, ids = string.match(pool, '^(%a+):([^/]*)')
  local crew = {}
  for id in string.gmatch(ids or '', '[^,]+') do
    crew[#crew + 1] = kind .. ':' .. id
  end
  return crew, kind
end

-- How many calls a crew may have going on, 0 for no bound.
-- per_agent  calls for each of them; "" for 1, and no bound for a group
local function crew_limit(pool, per_agent)
  local crew, kind = crew_of(pool)
  if per_agent == '' then
    per_agent = kind == 'group' and 0 or 1
  end
  return #crew * tonumber(per_agent)
end

-- Fields and values of a record, one after the other, as HSET takes them.
local function flat(record)
  local words = {}
  for field, value in pairs(record) do
    words[#words + 1], words[#words + 2] = field, value
  end
  return unpack(words)
end

-- Ring the bell of one sleeping pacer; a second ring before it wakes is none.
local function wake_pacer()
  if redis.call('LLEN', P .. 'wake') == 0 then
    redis.call('LPUSH', P .. 'wake', '1')
  end
end

-- Is slot inside one of the windows "open-close,open-close"?
-- Returns the close of that window, or nil and the next opening (or nil).
local function window_at(windows, slot)
  local next_open
  for open, close in string.gmatch(windows, '(%d+)-(%d+)') do
    open, close = tonumber(open), tonumber(close)
    if slot >= open and slot < close then
      return close
    elseif open > slot and (not next_open or open < next_open) then
      next_open = open
    end
  end
  return nil, next_open
end
