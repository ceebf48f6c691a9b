-- Used by the scripts that make jobs: enqueue and feed.
--
-- A job to be made says
--   ids, digests   its own, and behind them those of its twins
--   key, account, priority
--   due_us         when it may be dialled, 0 for at once
--   not_after_us   its deadline, 0 for deadline_us after its start
--   metadata       what its producer keeps beside it, JSON; '' for nothing
--   call           the fields of its record that the call decides, as text

local first, lanes = SEQ, {}

-- Was there a job whose record was lost? It may have been rung: it is none that is new.
local function was_there(id)
  if redis.call('EXISTS', job_key(id)) == 1 then
    return true
  end
  for state in pairs(STATES) do
    if redis.call('ZSCORE', P .. 'in:' .. state, id) then
      return true
    end
  end
  return false
end

-- Why a job is not made, as one of its twins is there; nil when none is.
local function known_as(job)
  local digests = {}
  for _, digest in ipairs(job.digests) do
    digests[digest] = true
  end
  for _, twin in ipairs(job.ids) do
    local known = redis.call('HMGET', job_key(twin), 'digest', 'state', 'was')
    if known[1] and not digests[known[1]] then
      return 'conflict:' .. (known[2] or known[3] or 'damaged')
    elseif known[1] then
      return twin == job.ids[1] and 'duplicate' or 'duplicate:' .. twin
    elseif was_there(twin) then
      return 'conflict:damaged'
    end
  end
end

-- Make a job; `who` hands it in, `version` is that of the definition it was made from, nil
-- for a direct call.
-- Returns created, duplicate, duplicate:<id of a twin>, conflict:<state> or late.
local function made(job, who, version)
  local id, lane = job.ids[1], job.call.lane
  local known = known_as(job)
  if known then
    return known
  end
  local not_after = job.not_after_us
  if not_after == 0 then
    not_after = math.max(job.due_us, now, ERA.most) + job.deadline_us
  end
  if not_after <= now then
    return 'late'
  end
  count_transition()
  local key, rank = job_key(id), us((9 - job.priority) * 100000000000000 + SEQ)
  local state = job.due_us > now and 'scheduled' or 'ready'
  redis.call('HSET', key, flat(job.call))
  redis.call('HSET', key, 'state', state, 'key', job.key,
    'account', job.account, 'priority', us(job.priority),
    'rank', rank, 'tries', 0, 'misses', 0, 'attempt', 0, 'created_us', us(now),
    'entered_us', us(now), 'due_us', us(job.due_us), 'not_after_us', us(not_after),
    'token', '', 'settled', '',
    'reason', 'accepted', 'log', us(now) .. '\t\t' .. state .. '\t' .. who .. '\taccepted\n')
  if version then
    redis.call('HSET', key, 'version', version)
  end
  if job.metadata ~= '' then
    redis.call('SET', P .. 'metadata:' .. id, job.metadata)
  end
  for number in each_number(job.call.protected) do
    redis.call('SADD', P .. 'of:' .. number, id)
  end
  redis.call('ZADD', P .. 'in:' .. state, us(state == 'ready' and now or job.due_us), id)
  if state == 'ready' then
    redis.call('ZADD', P .. 'lane:' .. lane, rank, id)
    lanes[lane] = true
  end
  redis.call('SADD', P .. 'accounts', job.account)
  count_move(lane, id, '', state)
  tell_of_job('create', id, 0, lane, '', state, who, 'accepted')
  return 'created'
end

-- One whose key cannot be used is refused, and the others are made.
local function accept(job, who, version)
  local sound, answer = apart('job:' .. job.ids[1], made, job, who, version)
  return sound and answer or 'conflict:damaged'
end

-- After the last one: let the lanes and a pacer know.
local function announce_accepted()
  for lane in pairs(lanes) do
    refresh_lane(lane)
  end
  if SEQ > first then
    wake_pacer()
  end
end
