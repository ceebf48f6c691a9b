-- Used by the scripts that record how an attempt ended.
--
-- The breaker of an account: so many faults in a row, or too large a share of
-- the last ones, set a hold of owner "breaker". One leased job at growing
-- intervals probes; only the probe closes it.
--
-- cfg  from the settings: in_row, share and of_last, which open it; first_us, factor and
--      cap_us, at which it probes

local function close_breaker(account)
  redis.call('DEL', P .. 'breaker:' .. account)
  drop_hold('account:' .. account, 'breaker', 'breaker', 'a probe was answered well')
end

local function end_probe(key, cfg, grow)
  local wait = tonumber(redis.call('HGET', key, 'wait_us'))
  if grow then
    wait = math.min(wait * cfg.factor, cfg.cap_us)
  end
  redis.call('HSET', key, 'wait_us', us(wait), 'probe_us', us(now + wait), 'probe', '')
end

local function trip(account, key, cfg, why)
  redis.call('DEL', key)
  redis.call('HSET', key, 'open_us', us(now), 'wait_us', us(cfg.first_us),
    'probe_us', us(now + cfg.first_us), 'probe', '')
  add_hold('account:' .. account, 'breaker', 'breaker', why)
end

-- The ask that an attempt was granted to: its fence is <ask>.<n>.
local function ask_of(token)
  return string.match(token, '^(.*)%.%d+$') or token
end

local heard = {}
-- What breakers say that this run has looked at, while it stays so.
local states = {}

-- result   success, fault, or - (says nothing about the API's health)
-- at_once  nothing was heard of the attempt: one pause of a worker meets all that it was
--          granted at once, and counts once
local function tell_breaker(account, token, result, cfg, why, at_once)
  local key = P .. 'breaker:' .. account
  local state = states[account] or redis.call('HMGET', key, 'open_us', 'probe', 'row', 'last', 'late')
  states[account] = nil
  if state[1] then
    if state[2] == token and token ~= '' then
      if result == 'success' then
        close_breaker(account)
      else
        end_probe(key, cfg, result == 'fault')
      end
    end
    return
  end
  if result == '-' then
    states[account] = state
    return
  end
  local fault = result == 'fault'
  if at_once and fault and (heard[ask_of(token)] or state[5] == ask_of(token)) then
    return
  end
  heard[ask_of(token)] = at_once
  local row = fault and tonumber(state[3] or '0') + 1 or 0
  local last = string.sub((state[4] or '') .. (fault and '1' or '0'), -cfg.of_last)
  local _, faults = string.gsub(last, '1', '')
  local was = at_once and ask_of(token) or state[5] or ''
  if row ~= tonumber(state[3] or '') or last ~= state[4] or at_once then
    redis.call('HSET', key, 'row', row, 'last', last, 'late', was)
  end
  if row >= cfg.in_row then
    trip(account, key, cfg, row .. ' faults in a row, the last: ' .. why)
  elseif #last >= cfg.of_last and faults >= cfg.share * cfg.of_last then
    trip(account, key, cfg, faults .. ' faults in the last ' .. #last .. ' calls, the last: ' .. why)
  else
    states[account] = {false, state[2], row, last, was}
  end
end
