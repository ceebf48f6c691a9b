-- Used by the scripts that make jobs: enqueue and feed.
--
-- A job to be made says
--   ids, digests   its own, and behind them those of its twins
--   key, account, priority
--   due_us         when it may be dialled, 0 for at once
--   not_after_us   its deadline, 0 for deadline_us after its start
--   metadata       what its producer keeps beside it, JSON; '' for nothing
--   call           the fields of its record that the call decides, as text; the digest only where
--                  the id does not stand for it

local first, lanes, accounts = SEQ, {}, {}

-- Was there a job whose record was lost? It may have been rung: it is none that is new.
local function was_there(id, lane)
  if redis.call('EXISTS', job_key(id)) == 1 then
    return true
  end
  for state in pairs(STATES) do
    if state ~= 'ready' and redis.call('ZSCORE', P .. 'in:' .. state, id) then
      return true
    end
  end
  return redis.call('ZSCORE', P .. 'lane:' .. lane, id)
end

-- Why a job is not made, as one of its twins is there; nil when none is.
local function known_as(job)
  local digests = {}
  for _, digest in ipairs(job.digests) do
    digests[digest] = true
  end
  for _, twin in ipairs(job.ids) do
    local known = redis.call('HMGET', job_key(twin), LETTERS.digest, LETTERS.state, 'was')
    local state = known[2] or known[3]
    if state and known[1] and not digests[known[1]] then
      return 'conflict:' .. state
    elseif known[3] or STATES[state or ''] then
      return twin == job.ids[1] and 'duplicate' or 'duplicate:' .. twin
    elseif was_there(twin, job.call.lane) then
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
  local rank = us((9 - job.priority) * 100000000000000 + SEQ)
  local state = job.due_us > now and 'scheduled' or 'ready'
  local record = job.call
  record.state, record.key, record.rank, record.version = state, job.key, rank, version
  record.created_us, record.due_us, record.not_after_us = us(now), us(job.due_us), us(not_after)
  put_record(id, record, creation_of(state, who))
  know_numbers(id, record.protected)
  if job.metadata ~= '' then
    redis.call('SET', P .. 'metadata:' .. id, job.metadata)
  end
  if state == 'ready' then
    into_lane(lane, id, rank)
    lanes[lane] = true
  else
    redis.call('ZADD', P .. 'in:scheduled', us(job.due_us), id)
  end
  accounts[job.account] = true
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
  for account in pairs(accounts) do
    redis.call('SADD', P .. 'accounts', account)
  end
  if SEQ > first then
    wake_pacer()
  end
end
