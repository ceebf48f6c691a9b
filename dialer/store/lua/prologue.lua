-- Shared by every script; put between its `#!lua` line and its body.
--
-- The store renders ARROWS from TRANSITIONS in dialer/job.py in front of this,
-- so a move that is not in that table cannot be made by any script.
--
-- KEYS[1]  the prefix of every key, one hash tag: "{dialer}:". What each key
--          holds is written down once, in dialer/store/keys.py.

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

-- The index of awake lanes says for each the rank of its best job.
local function refresh_lane(lane)
  local awake = P .. 'awake:' .. lane_account(lane)
  local head = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0, 'WITHSCORES')
  if #head == 0 or redis.call('ZSCORE', P .. 'asleep', lane) then
    redis.call('ZREM', awake, lane)
  else
    redis.call('ZADD', awake, head[2], lane)
  end
end

local function put_to_sleep(lane, until_us)
  redis.call('ZADD', P .. 'asleep', us(until_us), lane)
  redis.call('ZREM', P .. 'awake:' .. lane_account(lane), lane)
end

-- Ring the bell of one sleeping pacer; a second ring before it wakes is none.
local function wake_pacer()
  if redis.call('LLEN', P .. 'wake') == 0 then
    redis.call('LPUSH', P .. 'wake', '1')
  end
end

-- Move one job along one arrow and into the index of its new state.
-- `score` orders that index: due time, lease end, or simply now.
-- Returns nil, or the state that the arrow does not start from or lead to.
local function move(verb, id, to, score, who, why)
  local key = job_key(id)
  local from = redis.call('HGET', key, 'state')
  local arrow = ARROWS[verb]
  if not from or not arrow.from[from] or not arrow.to[to] then
    return from or 'missing'
  end
  local lane = redis.call('HGET', key, 'lane')
  redis.call('ZREM', P .. 'in:' .. from, id)
  redis.call('ZADD', P .. 'in:' .. to, us(score), id)
  if from == 'ready' then
    redis.call('ZREM', P .. 'lane:' .. lane, id)
    refresh_lane(lane)
  elseif from == 'dialing' then
    redis.call('ZREM', P .. 'posting:' .. lane_account(lane), id)
  end
  redis.call('HSET', key, 'state', to, 'entered_us', us(now), 'reason', why)
  note(key, from, to, who, why)
  if to == 'ready' then
    redis.call('ZADD', P .. 'lane:' .. lane, redis.call('HGET', key, 'rank'), id)
    refresh_lane(lane)
    wake_pacer()
  elseif to == 'scheduled' then
    redis.call('HSET', key, 'due_us', us(score))
    wake_pacer()
  end
  count_transition()
  return nil
end

local function add_hold(scope, owner, who, reason)
  local value = cjson.encode({who = who, reason = reason, at_us = us(now)})
  redis.call('HSET', P .. 'hold:' .. scope, owner, value)
  redis.call('SADD', P .. 'holds', scope)
end

local function drop_hold(scope, owner)
  local gone = redis.call('HDEL', P .. 'hold:' .. scope, owner)
  if redis.call('EXISTS', P .. 'hold:' .. scope) == 0 then
    redis.call('SREM', P .. 'holds', scope)
  end
  if gone == 1 then
    wake_pacer()
  end
  return gone
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

-- The limits of an account: what `dialer account set` stored wins over the
-- caller's settings. After a cut the rate grows back to whole in 60 seconds.
-- Returns interval between calls in us, burst, max posting, max live calls.
local function limits_of(account, rate, burst, posting, live)
  local own = redis.call('HMGET', P .. 'account:' .. account,
    'calls_per_second', 'burst', 'max_posting', 'max_live_calls', 'cut_us', 'cut_to')
  rate = tonumber(own[1] or rate)
  if own[5] then
    local back = math.min(1, (now - tonumber(own[5])) / 60000000)
    local cut_to = tonumber(own[6])
    rate = rate * (cut_to + (1 - cut_to) * back)
  end
  return math.ceil(1000000 / rate), tonumber(own[2] or burst),
    tonumber(own[3] or posting), tonumber(own[4] or live)
end

-- GCRA: the theoretical arrival time of the next call, in us. What is left of
-- it is a debt in calls: when the rate changes, the debt stays and is written
-- down anew, so that a changed rate takes effect at once.
local function arrival_of(account, interval)
  local meter = redis.call('HMGET', P .. 'meter:' .. account, 'tat_us', 'interval_us', 'burst')
  if not meter[1] then
    return 0
  end
  local tat, charged = tonumber(meter[1]), tonumber(meter[2])
  if tat > now + 1000000 + tonumber(meter[3]) * charged then
    -- No grant can owe so much: the server's clock was put back.
    tat = now + interval
  elseif charged == interval then
    return tat
  elseif tat > now then
    tat = now + math.ceil((tat - now) * interval / charged)
  end
  redis.call('HSET', P .. 'meter:' .. account, 'tat_us', us(tat), 'interval_us', us(interval))
  return tat
end
