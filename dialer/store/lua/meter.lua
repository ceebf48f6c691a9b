-- Used by the scripts that look at rates.

-- The share of its rate that an account has after a cut: it grows back to whole in 60 seconds.
local function rate_share(cut_us, cut_to)
  if not cut_us then
    return 1
  end
  local back = math.max(0, math.min(1, (now - tonumber(cut_us)) / 60000000))
  return tonumber(cut_to) + (1 - tonumber(cut_to)) * back
end

-- The limits of an account: what `dialer account set` stored wins over the caller's settings.
-- Of a rate there is its share after a cut, and the interval between calls, us, that follows.
local LIMITS = {'calls_per_second', 'burst', 'max_posting', 'max_live_calls', 'cut_us', 'cut_to'}

local function limits_of(account, settings)
  local own = redis.call('HMGET', P .. 'account:' .. account, unpack(LIMITS))
  local limits = {
    rate = tonumber(own[1] or settings.calls_per_second), share = rate_share(own[5], own[6]),
    burst = tonumber(own[2] or settings.burst), posting = tonumber(own[3] or settings.max_posting),
    live = tonumber(own[4] or settings.max_live_calls), stored = own,
  }
  local rate = limits.rate * limits.share
  if not (rate > 0) then
    error('its rate is no rate: ' .. rate)
  end
  limits.interval = math.ceil(1000000 / rate)
  return limits
end

-- How often the clock had stepped, and how much it had gained by it.
local STEPS = (ERA.steps or '0') .. ':' .. (ERA.gained or '0')

-- A meter that was charged before the clock stepped: never faster for it. What steps forward
-- skipped earns no calls, and after a step back it is as if the burst had just been used.
-- key    of the hash that holds tat_us
-- steps  what STEPS was when it was charged
-- full   us: what a burst owes
local function over_steps(key, tat, steps, full)
  steps = steps or '0:0'
  if steps == STEPS then
    return tat
  end
  local gained = (tonumber(ERA.gained or '') or 0) - (tonumber(string.match(steps, ':(%d+)$') or '') or 0)
  tat = math.min(tat + math.max(0, gained), now + full)
  if MAY_WRITE then
    redis.call('HSET', key, 'tat_us', us(tat), 'steps', STEPS)
  end
  return tat
end

-- GCRA: the theoretical arrival time of the next call, in us. What is left of
-- it is a debt in calls: when the rate changes, the debt stays and is written
-- down anew, so that a changed rate takes effect at once.
local function arrival_of(account, interval)
  local key = P .. 'meter:' .. account
  local meter = redis.call('HMGET', key, 'tat_us', 'interval_us', 'burst', 'steps')
  if not meter[1] then
    return 0
  end
  local charged = tonumber(meter[2])
  local tat = over_steps(key, tonumber(meter[1]), meter[4], tonumber(meter[3]) * charged)
  if charged == interval then
    return tat
  elseif tat > now then
    tat = now + math.ceil((tat - now) * interval / charged)
  end
  if MAY_WRITE then
    redis.call('HSET', key, 'tat_us', us(tat), 'interval_us', us(interval))
  end
  return tat
end

-- When the next call may start by the meter, or might have: a burst comes before its time.
local function slot_at(tat, limits)
  return tat - (limits.burst - 1) * limits.interval
end
