-- Loaded after the prologue by the scripts that reserve a customer's rings.
--
-- rung:<number> keeps the moments at which a number may have begun to ring,
-- over all accounts, campaigns and direct calls: one entry for each ring that
-- the provider may make, member <job>.<attempt>.<nth>, score the latest moment
-- at which that attempt could ring. So a gap or a period that is over by these
-- moments is over by the real ones too.
--
-- rules  "gap_us most/per_us,most/per_us": the least time between two calls,
--        and the most rings in each sliding period
-- more   further caps, those of a campaign

local DAY = 86400000000

local function customer_rules(rules, more)
  local gap, caps = string.match(rules, '^(%d+) (%S*)$')
  caps = caps .. ',' .. (more or '')
  local parsed = {gap = tonumber(gap), caps = {}, longest = math.max(DAY, tonumber(gap))}
  for most, per in string.gmatch(caps, '(%d+)/(%d+)') do
    parsed.caps[#parsed.caps + 1] = {most = tonumber(most), per = tonumber(per)}
    parsed.longest = math.max(parsed.longest, tonumber(per))
  end
  return parsed
end

-- Is one of the numbers on everybody's list, or on that of an account?
local function on_do_not_call(account, numbers)
  for number in string.gmatch(numbers, '[^,]+') do
    if redis.call('HEXISTS', P .. 'dnc', number) == 1
      or redis.call('HEXISTS', P .. 'dnc:' .. account, number) == 1 then
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

-- The first moment, from `slot` on, at which gap and caps allow every number;
-- nil when a cap never does. The second value names the rule that waits.
local function customer_allows(numbers, rings, slot, rules)
  local at, why = slot, nil
  for number, count in each_customer(numbers, rings) do
    local key = P .. 'rung:' .. number
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
    if rules.gap > 0 and last[2] and tonumber(last[2]) + rules.gap > at then
      at, why = tonumber(last[2]) + rules.gap, 'gap'
    end
    for _, cap in ipairs(rules.caps) do
      local free = cap_allows(key, cap, count, slot)
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
local function longest_period(rules)
  local known = tonumber(redis.call('GET', P .. 'longest') or '0')
  if rules.longest > known then
    redis.call('SET', P .. 'longest', us(rules.longest))
    return rules.longest
  end
  return known
end

local function reserve_rings(numbers, rings, attempt, latest, rules)
  local longest = longest_period(rules)
  for number, count in each_customer(numbers, rings) do
    local key = P .. 'rung:' .. number
    redis.call('ZREMRANGEBYSCORE', key, '-inf', us(now - longest))
    for nth = 1, count do
      redis.call('ZADD', key, us(latest), attempt .. '.' .. nth)
    end
    redis.call('PEXPIRE', key, math.ceil((latest - now + longest) / 1000))
  end
end

-- Remember that a job waits for its customers, to wake it when a ring is given back.
local function wait_for_customer(id, numbers, rules)
  for number in string.gmatch(numbers, '[^,]+') do
    redis.call('SADD', P .. 'waiting:' .. number, id)
    redis.call('PEXPIRE', P .. 'waiting:' .. number, math.ceil(rules.longest / 1000))
  end
end

local function wait_no_more(id, numbers)
  for number in string.gmatch(numbers, '[^,]+') do
    redis.call('SREM', P .. 'waiting:' .. number, id)
  end
end

local function wake_waiting(number)
  for _, id in ipairs(redis.call('SPOP', P .. 'waiting:' .. number, 500)) do
    if redis.call('HGET', job_key(id), 'state') == 'scheduled' then
      redis.call('ZADD', P .. 'in:scheduled', us(now), id)
      redis.call('HSET', job_key(id), 'due_us', us(now))
      wake_pacer()
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
