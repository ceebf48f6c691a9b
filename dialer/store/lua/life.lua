-- Loaded after the prologue and the lanes by every script: a job's moves, and holds.

-- Move one job along one arrow and into the index of its new state.
-- `score` orders that index: due time, lease end, or simply now.
-- `word` names the reason of a skip: deadline, do_not_call, cap or time.
-- Returns nil, or the state that the arrow does not start from or lead to.
local function move(verb, id, to, score, who, why, word)
  local key = job_key(id)
  local from = redis.call('HGET', key, 'state')
  local arrow = ARROWS[verb]
  if not from or not arrow.from[from] or not arrow.to[to] then
    return from or 'missing'
  end
  local job = redis.call('HMGET', key, 'lane', 'attempt')
  local lane = job[1]
  if verb == 'skip' then
    note_skip(lane, word, redis.call('HGET', key, 'reason'))
  end
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
  tell_of_job(verb, id, job[2], lane, from, to, who, why)
  if to == 'ready' then
    redis.call('ZADD', P .. 'lane:' .. lane, redis.call('HGET', key, 'rank'), id)
    refresh_lane(lane)
    wake_pacer()
  elseif to == 'scheduled' then
    redis.call('HSET', key, 'due_us', us(score))
    wake_pacer()
  end
  count_move(lane, id, from, to)
  count_transition()
  return nil
end

-- The last 500 settings and releases stay on record, also of holds that are gone.
local function note_hold(verb, scope, owner, who, reason)
  redis.call('RPUSH', P .. 'holdings', table.concat({us(now), verb, scope, owner, who, reason}, '\t'))
  redis.call('LTRIM', P .. 'holdings', -500, -1)
  tell('hold', verb, scope, owner, who, reason)
end

-- Set again for the same reason by the same one it stays as it is: its time says since when.
local function add_hold(scope, owner, who, reason)
  local was = redis.call('HGET', P .. 'hold:' .. scope, owner)
  was = was and cjson.decode(was) or {}
  if was.who ~= who or was.reason ~= reason then
    local value = cjson.encode({who = who, reason = reason, at_us = us(now)})
    redis.call('HSET', P .. 'hold:' .. scope, owner, value)
    redis.call('SADD', P .. 'holds', scope)
    note_hold('set', scope, owner, who, reason)
  end
end

-- What a hold has put aside looks for its turn again.
local function let_go(scope)
  local pool_account, pool = string.match(scope, '^pool:([^/]+)/(.+)$')
  if pool then
    wake_for_agents(pool_account, pool)
  end
  local campaign = string.match(scope, '^campaign:(.+)$')
  local account = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'account')
  if account then
    enter(account, campaign)
  end
end

local function drop_hold(scope, owner, who, reason)
  local gone = redis.call('HDEL', P .. 'hold:' .. scope, owner)
  if redis.call('EXISTS', P .. 'hold:' .. scope) == 0 then
    redis.call('SREM', P .. 'holds', scope)
  end
  if gone == 1 then
    note_hold('release', scope, owner, who, reason)
    let_go(scope)
    wake_pacer()
  end
  return gone
end

