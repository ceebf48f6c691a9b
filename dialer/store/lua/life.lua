-- Loaded after the prologue and the lanes by every script: a job's moves, and holds.

local function take_out_of(state, id)
  if state ~= 'ready' then
    redis.call('ZREM', P .. 'in:' .. state, id)
  end
end

-- Take a job without a usable record out of an index, and name it. Of one that is gone a
-- tombstone stays: who hands it in again must not have it rung again.
local function set_aside(id, state, why)
  take_out_of(state, id)
  local key = job_key(id)
  if why == 'its record is no hash' then
    redis.call('RENAME', key, P .. 'damaged:job:' .. id)
  end
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, LETTERS.digest, '', 'was', state, 'gone_us', us(now + 31536000000000))
  end
  note_damage('job:' .. id, 'it was ' .. state .. '; ' .. why)
end

-- Do `step` with a job that was found in the index of a state, if it can be done.
local function with_job(id, state, step)
  local why = unusable(id)
  if why then
    set_aside(id, state, why)
  elseif not apart('job:' .. id, step, id) then
    take_out_of(state, id)
  elseif state_of(id) ~= state then
    -- Its record is the truth, whatever index it was found in.
    take_out_of(state, id)
  end
end

-- Of these the worker writes the line: it knows the whole attempt.
local UNTOLD = {begin = true, settle = true, take_back = true}

-- Move one job along one arrow and into the index of its new state.
-- `score` orders that index: due time, lease end, or simply now.
-- `word` names the reason of a skip: deadline, do_not_call, cap or time.
-- `more` are further fields of its record that change in the same step.
-- Returns nil, or the state that the arrow does not start from or lead to.
local function move(verb, id, to, score, who, why, word, more)
  local job, damage = record_of(id)
  if damage then
    return damage == 'missing' and damage or 'damaged'
  end
  local lane, from, fields = job.lane, job.state, more or {}
  if not leads(verb, 'from', from) or not leads(verb, 'to', to) then
    return from
  end
  if verb == 'skip' then
    note_skip(lane, word, reason_of(id))
  end
  if from ~= to then
    take_out_of(from, id)
  end
  if to ~= 'ready' then
    redis.call('ZADD', P .. 'in:' .. to, us(score), id)
  end
  if from == 'ready' then
    out_of_lane(lane, id)
    refresh_lane(lane)
  elseif from == 'dialing' then
    redis.call('ZREM', P .. 'posting:' .. lane_account(lane), id)
  end
  fields.state, fields.entered_us = to, us(now)
  fields.due_us = to == 'scheduled' and us(score) or nil
  put_record(id, fields, event_of(from, to, who, why))
  if not UNTOLD[verb] then
    tell_of_job(verb, id, job.attempt, lane, from, to, who, why)
  end
  if to == 'ready' then
    into_lane(lane, id, job.rank)
    refresh_lane(lane)
    wake_pacer()
  elseif to == 'scheduled' then
    wake_pacer()
  end
  if (from == 'ready' or from == 'scheduled') and to ~= 'ready' and to ~= 'scheduled' and to ~= 'dialing' then
    let_others_pass(id, job.protected)
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

-- What is known of scopes since this run began, and did not change in it.
local HELD = {}

-- Set again for the same reason by the same one it stays as it is: its time says since when.
local function add_hold(scope, owner, who, reason)
  HELD[scope] = nil
  -- First: what is named there is held, even where its record cannot be written.
  redis.call('SADD', P .. 'holds', scope)
  local _, was = apart('hold:' .. scope, function()
    return cjson.decode(redis.call('HGET', P .. 'hold:' .. scope, owner) or '{}')
  end)
  was = type(was) == 'table' and was or {}
  if was.who ~= who or was.reason ~= reason then
    local value = cjson.encode({who = who, reason = reason, at_us = us(now)})
    apart('hold:' .. scope, redis.call, 'HSET', P .. 'hold:' .. scope, owner, value)
    note_hold('set', scope, owner, who, reason)
  end
end

-- Is a scope held? Also when its record was lost: the list of all holds still names it.
local function is_held(scope)
  if HELD[scope] == nil then
    HELD[scope] = redis.call('EXISTS', P .. 'hold:' .. scope) == 1
      or redis.call('SISMEMBER', P .. 'holds', scope) == 1
  end
  return HELD[scope]
end

-- The hold on one agent of a pool, as "account/agent:12"; nil for none.
local function held_agent(accounts, pool)
  for _, account in ipairs(accounts) do
    for _, one in ipairs(crew_of(pool)) do
      if is_held('pool:' .. account .. '/' .. one) then
        return account .. '/' .. one
      end
    end
    -- As holds were named before each was that of one agent.
    if pool ~= '' and is_held('pool:' .. account .. '/' .. pool) then
      return account .. '/' .. pool
    end
  end
end

-- What a hold has put aside looks for its turn again.
local function let_go(scope)
  local pool_account, pool = string.match(scope, '^pool:([^/]+)/(.+)$')
  if pool then
    wake_for_agents(pool_account, pool)
    wake_held(pool_account .. '/' .. pool)
  end
  local campaign = string.match(scope, '^campaign:(.+)$')
  local account = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'account')
  if account then
    enter(account, campaign)
  end
end

local function drop_hold(scope, owner, who, reason)
  HELD[scope] = nil
  local key = P .. 'hold:' .. scope
  local gone = redis.call('HDEL', key, owner)
  if owner == 'damaged' and type(server.pcall('HLEN', key)) == 'table' then
    gone = redis.call('DEL', key)
  end
  -- A record that was lost is no release: the owner of its hold is unknown.
  if redis.call('EXISTS', key) == 0 and (gone == 1 or owner == 'damaged') then
    gone = math.max(gone, redis.call('SREM', P .. 'holds', scope))
  end
  if gone == 1 then
    note_hold('release', scope, owner, who, reason)
    let_go(scope)
    wake_pacer()
  end
  return gone
end


-- Another store than the one that was seen, or an older copy of it: everything stops.
local function stop_what_was_forgotten()
  local known = us(SEQ)
  local why = CALLER.era ~= ERA.id and CALLER.era ~= ''
    and 'this is another store than before, or it was emptied: ' .. us(CALLER.seq)
      .. ' moves were seen in the one before, it knows ' .. known
    or 'the server has forgotten acknowledged writes: transition ' .. us(CALLER.seq)
      .. ' was seen, it knows ' .. known
  add_hold('all', 'witness', 'witness', why .. '; dialer recover --who NAME says how to go on')
  -- For a recovery: the epoch that is to be joined to this one.
  local missed = redis.call('HGET', P .. 'era', 'missed') or ''
  if CALLER.era ~= '' and not string.find(missed, CALLER.era, 1, true) then
    redis.call('HSET', P .. 'era', 'missed', string.sub(missed .. ' ' .. CALLER.era, -1000))
  end
end

-- Why nothing may be begun, ended or fed by this clock and this memory: nil, or one word;
-- "slow" when the caller took long to come here, or the clock stepped on its way.
-- most  how much longer than expected that may have taken, us
local function distrust(most)
  if FORGOTTEN then
    stop_what_was_forgotten()
    return 'rollback'
  elseif clock_in_doubt(STEP) then
    return 'clock'
  elseif off(CALLER.expected, most or STEP) then
    return 'slow'
  end
  local sound, stopped = apart('hold:all', redis.call, 'HMGET', P .. 'hold:all', 'clock', 'witness')
  return (not sound or stopped[1] or stopped[2]) and 'held:all' or nil
end
