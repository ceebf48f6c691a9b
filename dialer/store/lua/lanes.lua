-- Loaded after the prologue by every script: which lanes have work, and which
-- campaigns have such lanes.
--
-- Direct lanes lie in awake:<account>. Those of a campaign lie in
-- awake:<account>/<campaign>, and the campaign itself in camps:<account> while
-- it may have its turn, ordered by the moment its next turn begins in virtual
-- time (start-time fair queueing: a turn lasts 1/weight). One that must wait
-- for its own rate or limits lies in resting:<account> instead.

local function lane_campaign(lane)
  local name = string.match(lane, '^[^/]+/([^/]+)/')
  return name ~= '-' and name or nil
end

local function tell_of_job(verb, id, attempt, lane, from, to, who, why)
  tell('job', verb, id, attempt, lane_account(lane), lane_campaign(lane) or '', from, to, who, why)
end

local function lane_calendar(lane)
  return string.match(lane, '^[^/]+/[^/]+/([^/]+)/')
end

local function awake_key(lane)
  local account, campaign = lane_account(lane), lane_campaign(lane)
  return P .. 'awake:' .. account .. (campaign and '/' .. campaign or '')
end

-- What one step may touch of anything that has no bound of its own.
local BOUND = 500

-- Let a campaign have its turn again if it has work; one that was away begins
-- where the others are, and cannot make up for the time it missed.
local function give_turn(account, campaign)
  local camps = P .. 'camps:' .. account
  if redis.call('ZSCORE', camps, campaign)
    or redis.call('EXISTS', P .. 'awake:' .. account .. '/' .. campaign) == 0 then
    return
  end
  local turn = tonumber(redis.call('HGET', P .. 'meter:' .. account, 'turn') or '0')
  local own = tonumber(redis.call('HGET', P .. 'camp:' .. campaign, 'turn') or '0')
  redis.call('ZREM', P .. 'resting:' .. account, campaign)
  redis.call('ZADD', camps, us(math.max(turn, own)), campaign)
end

local function enter(account, campaign)
  apart('camp:' .. campaign, give_turn, account, campaign)
end

-- Take a campaign's turn away, until `until_us` or, without it, until something enters it.
local function leave(account, campaign, until_us)
  redis.call('ZREM', P .. 'camps:' .. account, campaign)
  if until_us then
    redis.call('ZADD', P .. 'resting:' .. account, us(until_us), campaign)
  end
end

local function enter_rested(account)
  local rested = redis.call('ZRANGEBYSCORE', P .. 'resting:' .. account, '-inf', us(now),
    'LIMIT', 0, 100)
  for _, campaign in ipairs(rested) do
    redis.call('ZREM', P .. 'resting:' .. account, campaign)
    enter(account, campaign)
  end
end

-- Ready jobs have no index but their lanes, and how many of each account are there is counted.
local function into_lane(lane, id, rank)
  count_up('ready', lane_account(lane), redis.call('ZADD', P .. 'lane:' .. lane, rank, id))
end

local function out_of_lane(lane, id)
  count_up('ready', lane_account(lane), -redis.call('ZREM', P .. 'lane:' .. lane, id))
end

-- Lanes whose turn it was in this run, and which were not put to sleep since.
local AWAKE = {}

-- The index of awake lanes says for each the rank of its best job.
local function refresh_lane(lane)
  local awake = awake_key(lane)
  local head = redis.call('ZRANGE', P .. 'lane:' .. lane, 0, 0, 'WITHSCORES')
  if #head == 0 or not AWAKE[lane] and redis.call('ZSCORE', P .. 'asleep', lane) then
    redis.call('ZREM', awake, lane)
    return
  end
  redis.call('ZADD', awake, head[2], lane)
  if AWAKE[lane] then
    return
  end
  local campaign, account = lane_campaign(lane), lane_account(lane)
  if campaign and not redis.call('ZSCORE', P .. 'resting:' .. account, campaign) then
    enter(account, campaign)
  end
end

local function put_to_sleep(lane, until_us)
  AWAKE[lane] = nil
  redis.call('ZADD', P .. 'asleep', us(until_us), lane)
  redis.call('ZREM', awake_key(lane), lane)
end

local function wake_lane(lane)
  if redis.call('ZREM', P .. 'asleep', lane) == 1 then
    refresh_lane(lane)
  end
end

-- A lane that waits for its agents; when one of them is free, all that wait for it are woken.
-- accounts  those that share its user id: its agents are the same people in each
local function wait_for_agents(lane, until_us, accounts)
  put_to_sleep(lane, until_us)
  for _, one in ipairs(crew_of(lane_pool(lane))) do
    for _, account in ipairs(accounts) do
      local sleepers = P .. 'sleepers:' .. account .. '/' .. one
      redis.call('SADD', sleepers, lane)
      redis.call('EXPIRE', sleepers, 604800)
    end
  end
end

local function wake_for_agents(account, pool)
  for _, one in ipairs(crew_of(pool)) do
    local sleepers = P .. 'sleepers:' .. account .. '/' .. one
    -- Those beyond it wake with the next call that ends, or by their time.
    for _, lane in ipairs(redis.call('SPOP', sleepers, BOUND)) do
      wake_lane(lane)
    end
  end
end

-- Which calls a crew may have going on, and when the first of them is over. One
-- of "7 or 8" may be with either, so it counts for both. More than `most` are not counted.
local function crew_calls(accounts, pool, most)
  local calls, count, first = {}, 0, nil
  for _, one in ipairs(crew_of(pool)) do
    for _, account in ipairs(accounts) do
      local busy = P .. 'busy:' .. account .. '/' .. one
      redis.call('ZREMRANGEBYSCORE', busy, '-inf', us(now))
      local found = redis.call('ZRANGE', busy, 0, most - 1, 'WITHSCORES')
      for i = 1, #found, 2 do
        if not calls[found[i]] then
          calls[found[i]], count = true, count + 1
          first = math.min(first or math.huge, tonumber(found[i + 1]))
        end
      end
    end
  end
  return count, first
end

-- A call that surely rang no phone is over: its places are free again.
local function end_live(lane, attempt)
  local account, campaign = lane_account(lane), lane_campaign(lane)
  redis.call('ZREM', P .. 'live:' .. account, attempt)
  if campaign then
    redis.call('ZREM', P .. 'live:' .. account .. '/' .. campaign, attempt)
  end
  local freed = 0
  for _, one in ipairs(crew_of(lane_pool(lane))) do
    freed = freed + redis.call('ZREM', P .. 'busy:' .. account .. '/' .. one, attempt)
  end
  if freed > 0 then
    wake_for_agents(account, lane_pool(lane))
  end
end

-- Books that cannot be written keep nothing from happening; `--repair` counts anew.
local function book(campaign, field, by)
  count_up('camp:' .. campaign, field, by)
end

-- Has its campaign come to its end, so that nothing may bring a job back?
local function campaign_over(lane)
  local campaign = lane_campaign(lane)
  if not campaign then
    return false
  end
  local camp = redis.call('HMGET', P .. 'camp:' .. campaign, 'state', 'ends_us')
  return camp[1] == 'cancelled' or (tonumber(camp[2] or '') or 0) <= now
end

-- Was a job made by a definition of its campaign that was changed since?
local BEHIND = 'definition: its campaign was changed since it was made'
-- Why a job waits for a time of the clock, which a step of it does not move.
local ASKED_FOR = 'moved to the time that was asked for'
local function is_behind(campaign, id)
  local job = record_of(id)
  return redis.call('HGET', P .. 'camp:' .. campaign, 'version') ~= (job and job.version or false)
end

-- Have the feeder look at once: a job waits that it must make anew, or take out.
local function call_feeder(campaign)
  redis.call('HINCRBY', P .. 'camp:' .. campaign, 'called', 1)
  redis.call('ZADD', P .. 'feeding', 'LT', us(now), campaign)
end

-- Keep the books of a job's campaign; every contact that was fed is in one state.
local function count_move(lane, id, from, to)
  local account, campaign = lane_account(lane), lane_campaign(lane)
  if not campaign then
    return
  end
  local open, group = P .. 'open:' .. campaign, 'q:' .. lane_calendar(lane)
  if from ~= '' then
    book(campaign, 'n:' .. from, -1)
  end
  book(campaign, 'n:' .. to, 1)
  if from == 'dialing' then
    redis.call('ZREM', P .. 'posting:' .. account .. '/' .. campaign, id)
    enter(account, campaign)
  end
  if to == 'ready' or to == 'scheduled' then
    if redis.call('SADD', open, id) == 1 then
      book(campaign, group, 1)
      -- The feeder looks after campaigns that have something open.
      redis.call('ZADD', P .. 'feeding', 'NX', us(now), campaign)
      apart('camp:' .. campaign, function()
        if campaign_over(lane) or is_behind(campaign, id) then
          call_feeder(campaign)
        end
      end)
    end
  elseif from ~= 'dialing' and redis.call('SREM', open, id) == 1 then
    book(campaign, group, -1)
  end
end

-- Why a contact is not rung, in one word; the first reason stays, not the last.
local function note_skip(lane, word, before)
  local campaign = lane_campaign(lane)
  if campaign then
    if string.find(before, 'the customer has been called', 1, true) then
      word = 'customer'
    end
    book(campaign, 's:' .. word, 1)
  end
end

-- What became of a campaign's attempts, hour by hour; the forecast reads it.
local function note_pulse(lane, word)
  local campaign = lane_campaign(lane)
  if campaign then
    count_up('pulse:' .. campaign, us(math.floor(now / 3600000000)) .. ':' .. word, 1)
  end
end
