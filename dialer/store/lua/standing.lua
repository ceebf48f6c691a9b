#!lua flags=no-writes,allow-oom
-- uses: meter
-- Say how an account is doing: its limits as `begin` takes them, and how much of them is used.
--
-- ask.account
-- ask.limits  those of the settings, by name
--
-- Returns  {when the meter allows the next call (0 for always), calls per second, burst, max posting,
--          max live calls, share of the rate after a cut, on the wire, calls going on,
--          1 while its breaker is open, when that probes next or 0, calls a second lately,
--          stored limit, value, ...}; {} where what is stored of it cannot be read

local account = ask.account
RESCUE = {name = 'account ' .. account, answer = function() return {} end}

local function exact(n)
  return string.format('%.17g', n)
end

-- Starts are counted ten seconds at a time (begin.lua), and a few counts are kept.
local function used()
  local BUCKET, FULL = 10000000, 6
  local current, calls = math.floor(now / BUCKET), 0
  local started = redis.call('HGETALL', P .. 'started:' .. account)
  for i = 1, #started, 2 do
    local bucket = tonumber(started[i])
    if bucket >= current - FULL and bucket <= current then
      calls = calls + tonumber(started[i + 1])
    end
  end
  return calls * 1000000 / (FULL * BUCKET + now % BUCKET)
end

local limits = limits_of(account, ask.limits)
local slot = math.max(0, slot_at(arrival_of(account, limits.interval), limits))
local breaker = redis.call('HMGET', P .. 'breaker:' .. account, 'open_us', 'probe_us')
local reply = {us(slot), exact(limits.rate), us(limits.burst), us(limits.posting), us(limits.live),
  exact(limits.share), redis.call('ZCARD', P .. 'posting:' .. account),
  redis.call('ZCOUNT', P .. 'live:' .. account, us(now), '+inf'),
  breaker[1] and 1 or 0, us(tonumber(breaker[2] or 0)), exact(used())}
for i = 1, 4 do
  if limits.stored[i] then
    reply[#reply + 1], reply[#reply + 2] = LIMITS[i], limits.stored[i]
  end
end
return reply
