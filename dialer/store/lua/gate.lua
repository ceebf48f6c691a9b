-- Used by the scripts that ask whether an account may have another call: begin, for one
-- call; plan, for doorbells.

-- Is an account stopped by a hold? That of its breaker lets a probe through, alone.
-- Returns why it is stopped and when its breaker probes next, us; or nil, nil and whether
-- this call is the probe.
local function account_gate(account)
  local scope = 'account:' .. account
  if is_held('all') then
    return 'held:all'
  end
  local owners = redis.call('HKEYS', P .. 'hold:' .. scope)
  if #owners == 0 and not is_held(scope) then
    return nil, nil, false
  end
  local breaker = redis.call('HMGET', P .. 'breaker:' .. account, 'probe_us', 'probe')
  if #owners > 1 or owners[1] ~= 'breaker' or not breaker[1] then
    return 'held:' .. scope
  end
  local probe = tonumber(breaker[1])
  if breaker[2] ~= '' or probe > now then
    return 'breaker', probe
  end
  return nil, nil, true
end

-- Requests of an account, or of a campaign ("account/campaign"), that are on the wire. A job
-- whose record was lost does not keep its place beyond its lease.
local function under_way(whose)
  local posting = P .. 'posting:' .. whose
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', posting, '-inf', us(now), 'LIMIT', 0, 20)) do
    if server.pcall('HGET', job_key(id), 'state') ~= 'dialing' then
      redis.call('ZREM', posting, id)
    end
  end
  return redis.call('ZCARD', posting)
end

-- How many calls live workers can carry, and how many of them can carry any.
-- whose  capacity, at once and of all accounts; capacity:<account>, more of that one now
local function carried(whose)
  local calls, workers = 0, 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', P .. whose, us(now), '+inf', 'LIMIT', 0, BOUND)) do
    local one = tonumber(string.match(member, '=(%d+)$') or '') or 0
    calls, workers = calls + one, workers + (one > 0 and 1 or 0)
  end
  return calls, workers
end

-- How many more places an account may take of those that are free. While others have work
-- as well it may hold nine for each that it leaves free (a dynamic threshold), so nine tenths
-- when it is the first; and from its second place on it leaves one for each of the others.
local function share_left(account, taken, free)
  local others = redis.call('ZCOUNT', P .. 'wanting', us(now), '+inf')
  if (tonumber(redis.call('ZSCORE', P .. 'wanting', account) or '') or 0) >= now then
    others = others - 1
  end
  if others < 1 then
    return math.huge
  end
  local left = math.min(math.floor((9 * free - taken) / 10), free - others)
  return math.max(left, taken == 0 and free > 0 and 1 or 0)
end

-- Forget calls of an account, or of a campaign, that are surely over.
local function end_calls(whose)
  redis.call('ZREMRANGEBYSCORE', P .. 'live:' .. whose, '-inf', us(now))
end

-- How many more calls of an account may start, by its limits and by the workers it shares with
-- others, and what runs out first: posting, share, live.
-- alone  asked by a worker that is there for its calls: the account's first is not shared
local function room_of(account, limits, alone)
  local posting = under_way(account)
  local room, why = limits.posting - posting, 'posting'
  if room < 1 then
    return 0, why
  end
  local share = share_left(account, posting, carried('capacity') - redis.call('ZCARD', P .. 'in:dialing'))
  if alone and posting == 0 then
    share = math.max(share, 1)
  end
  if share < room then
    room, why = math.max(0, share), 'share'
  end
  -- Read without a limit too: a call that could not be noted must not begin.
  local live = redis.call('ZCARD', P .. 'live:' .. account)
  if limits.live > 0 and limits.live - live < room then
    room, why = math.max(0, limits.live - live), 'live'
  end
  return room, why
end
