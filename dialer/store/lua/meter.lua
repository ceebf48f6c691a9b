-- Loaded after the prologue by the scripts that look at rates.

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
