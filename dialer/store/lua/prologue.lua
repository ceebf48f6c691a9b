-- Shared by every script; put between its `#!lua` line and its body.
--
-- The store renders ARROWS from TRANSITIONS in dialer/job.py in front of this,
-- so a move that is not in that table cannot be made by any script.
--
-- KEYS[1]  the prefix of every key, one hash tag: "{dialer}:". What each key
--          holds is written down once, in dialer/store/layout.py.

local P = KEYS[1]
local now = server_time()

-- Lua prints 1.7638720001235e+15 for a time; this keeps its microseconds.
local function us(n)
  return string.format('%.0f', n)
end

-- The highest transition number: what a process has seen once must never be
-- missing again, or the server has forgotten what it acknowledged.
local function count_transition()
  return redis.call('INCR', P .. 'seq')
end

local function seen()
  return tonumber(redis.call('GET', P .. 'seq') or '0')
end

local function job_key(id)
  return P .. 'job:' .. id
end

-- What this run has changed, a row of words each: for the log of the process that ran it.
local TOLD = {}

local function tell(...)
  TOLD[#TOLD + 1] = table.concat({...}, '\t')
end

-- Append one arrow to the record of a job; the last 32 are kept.
local function note(key, from, to, who, why)
  local log = redis.call('HGET', key, 'log') or ''
  local _, lines = string.gsub(log, '\n', '')
  if lines >= 32 then
    log = string.sub(log, string.find(log, '\n', 1, true) + 1)
  end
  log = log .. us(now) .. '\t' .. from .. '\t' .. to .. '\t' .. who .. '\t' .. why .. '\n'
  redis.call('HSET', key, 'log', log)
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
