-- Used by the scripts that reserve a customer's rings.
--
-- rung:<number> keeps the moments at which a number may have begun to ring,
-- over all accounts, campaigns and direct calls: one entry for each ring that
-- the provider may make, member <job>.<attempt>.<nth>, score the latest moment
-- at which that attempt could ring. So a gap or a period that is over by these
-- moments is over by the real ones too.
--
-- rules  gap_us, the least time between two calls, and caps, the most rings in
--        each sliding period: "most/per_us,most/per_us"
-- more   further caps, those of a campaign

local DAY = 86400000000

local function customer_rules(rules, more)
  local parsed = {gap = rules.gap_us, caps = {}, longest = math.max(DAY, rules.gap_us)}
  for most, per in string.gmatch(rules.caps .. ',' .. (more or ''), '(%d+)/(%d+)') do
    parsed.caps[#parsed.caps + 1] = {most = tonumber(most), per = tonumber(per)}
    parsed.longest = math.max(parsed.longest, tonumber(per))
  end
  return parsed
end

-- Fewer numbers than were put on a do-not-call list: it was deleted, and what it held
-- is unknown. A list of another type cannot be asked at all.
local sizes = {}

local function list_damage(account)
  for _, name in ipairs({'dnc', 'dnc:' .. account}) do
    local size = server.pcall('HLEN', P .. name)
    sizes[name] = size
    if type(size) == 'table' or size < (tonumber(redis.call('HGET', P .. 'suppressed', name) or '') or 0) then
      return name
    end
  end
end

local function count_suppressed(name, by)
  local counted = P .. 'suppressed'
  if redis.call('HEXISTS', counted, name) == 0 then
    redis.call('HSET', counted, name, redis.call('HLEN', P .. name))
  else
    redis.call('HINCRBY', counted, name, by)
  end
end

-- Until when an entry of a list holds; nil for good, and where that cannot be read.
local function entry_ends(entry)
  return tonumber(string.match(entry, '"expires_us":"(%d+)"') or '')
end

-- Is a number on a list? One that was found empty by this run has none.
local function is_listed(name, number)
  local entry = sizes[name] ~= 0 and redis.call('HGET', P .. name, number)
  return entry and (entry_ends(entry) or math.huge) > now
end

-- Is one of the numbers on everybody's list, or on that of an account?
local function on_do_not_call(account, numbers)
  for number in string.gmatch(numbers, '[^,]+') do
    if is_listed('dnc', number) or is_listed('dnc:' .. account, number) then
      return true
    end
  end
  return false
end

-- Walks "number,number" beside "rings,rings".
local function each_customer(numbers, rings)
  local next_ring = string.gmatch(rings or '', '%d+')
  local next_number = string.gmatch(numbers, '[^,]+')
  return function()
    local number = next_number()
    return number, number and tonumber(next_ring() or '1')
  end
end

-- The first moment, from `slot` on, at which one cap leaves room for `rings`;
-- nil when it never does.
local function cap_allows(key, cap, rings, slot)
  if rings > cap.most then
    return nil
  end
  local since = '(' .. us(slot - cap.per)
  local over = redis.call('ZCOUNT', key, since, '+inf') + rings - cap.most
  if over <= 0 then
    return slot
  end
  local entry = redis.call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES', 'LIMIT', over - 1, 1)
  return tonumber(entry[2]) + cap.per
end

-- Numbers that were found by this run not to have been rung.
local unrung = {}

-- The first moment, from `slot` on, at which gap and caps allow every number;
-- nil when a cap never does. The second value names the rule that waits.
local function customer_allows(numbers, rings, slot, rules)
  local at, why = slot, nil
  for number, count in each_customer(numbers, rings) do
    local key = P .. 'rung:' .. number
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
    unrung[number] = not last[2]
    if rules.gap > 0 and last[2] and tonumber(last[2]) + rules.gap > at then
      at, why = tonumber(last[2]) + rules.gap, 'gap'
    end
    for _, cap in ipairs(rules.caps) do
      local free = slot
      if last[2] or count > cap.most then
        free = cap_allows(key, cap, count, slot)
      end
      if not free then
        return nil, 'cap'
      elseif free > at then
        at, why = free, 'cap'
      end
    end
  end
  return at, why
end

-- The longest period that any rule asked about: a call under a short one must
-- not forget the rings that a longer one counts.
local longest_known

local function longest_period(rules)
  if longest_known and rules.longest <= longest_known then
    return longest_known
  end
  local _, known = apart('longest', redis.call, 'GET', P .. 'longest')
  known = tonumber(known or '')
  if not known then
    -- Where calls were made it was known; how long rings are remembered must not shrink.
    local made = redis.call('ZCARD', P .. 'in:placed') + redis.call('ZCARD', P .. 'in:dialing')
      + redis.call('ZCARD', P .. 'in:unconfirmed')
    known = made > 0 and 365 * DAY or 0
    redis.call('SET', P .. 'longest', us(known))
  end
  if rules.longest > known then
    redis.call('SET', P .. 'longest', us(rules.longest))
    if known > 0 then
      -- Older rings were kept for the shorter period alone: some may be gone.
      redis.call('SET', P .. 'rings_since', us(now))
    end
    known = rules.longest
  end
  longest_known = known
  return known
end

local function reserve_rings(numbers, rings, attempt, latest, rules)
  local longest = longest_period(rules)
  for number, count in each_customer(numbers, rings) do
    local key = P .. 'rung:' .. number
    if not unrung[number] then
      redis.call('ZREMRANGEBYSCORE', key, '-inf', us(now - longest))
    end
    unrung[number] = nil
    for nth = 1, count do
      redis.call('ZADD', key, us(latest), attempt .. '.' .. nth)
    end
  end
end

local function give_rings_back(numbers, rings, attempt)
  for number, count in each_customer(numbers, rings) do
    for nth = 1, count do
      redis.call('ZREM', P .. 'rung:' .. number, attempt .. '.' .. nth)
    end
    wake_waiting(number)
  end
end

-- Undo a begin of which no byte was sent.
-- Returns its account, or nil when the job is no longer that attempt's.
local function give_back(id, token, why)
  local job = record_of(id)
  if not job or job.token ~= token or job.state ~= 'dialing' then
    return nil
  end
  local account, attempt = lane_account(job.lane), id .. '.' .. job.attempt
  apart('live:' .. account, end_live, job.lane, attempt)
  give_rings_back(job.protected, job.rings, attempt)
  move('take_back', id, 'ready', now, 'worker', why, nil, {token = '', attempt = us(job.attempt - 1)})
  return account
end
