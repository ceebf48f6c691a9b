-- Loaded by the scripts that make jobs: enqueue and feed.
--
-- Twelve values make a job:
--   id, digest, key, account, mode, lane, priority, due (us, 0 = at once),
--   not_after (us, 0 = after the default), default deadline (us from now),
--   "to lead_us ring_us talk_us number,number rings,rings" as six words, content (JSON)

local FIELDS = 12
local first, seq, lanes = seen(), seen(), {}

-- The fields of a record that its call decides, and its customers.
local function call_fields(i)
  local customer, lead, ring, talk, numbers, rings =
    string.match(ARGV[i + 10], '^(%S+) (%d+) (%d+) (%d+) (%S*) (%S*)$')
  return {'digest', ARGV[i + 1], 'mode', ARGV[i + 4], 'lane', ARGV[i + 5], 'customer', customer,
    'lead_us', lead, 'ring_us', ring, 'talk_us', talk, 'protected', numbers, 'rings', rings,
    'content', ARGV[i + 11]}, numbers
end

-- Make the job whose values begin at ARGV[i]; `who` hands it in.
-- Returns created, duplicate, conflict:<state> or late.
local function accept(i, who)
  local id, digest = ARGV[i], ARGV[i + 1]
  local key = job_key(id)
  local known = redis.call('HMGET', key, 'digest', 'state', 'was')
  if known[1] then
    return known[1] == digest and 'duplicate' or 'conflict:' .. (known[2] or known[3])
  end
  local lane, priority = ARGV[i + 5], tonumber(ARGV[i + 6])
  local due, not_after = tonumber(ARGV[i + 7]), tonumber(ARGV[i + 8])
  if not_after == 0 then
    not_after = math.max(due, now) + tonumber(ARGV[i + 9])
  end
  if not_after <= now then
    return 'late'
  end
  seq = seq + 1
  local rank = us((9 - priority) * 100000000000000 + seq)
  local state = due > now and 'scheduled' or 'ready'
  local fields, numbers = call_fields(i)
  redis.call('HSET', key, unpack(fields))
  redis.call('HSET', key, 'state', state, 'key', ARGV[i + 2],
    'account', ARGV[i + 3], 'priority', priority,
    'rank', rank, 'tries', 0, 'misses', 0, 'attempt', 0, 'created_us', us(now),
    'entered_us', us(now), 'due_us', us(due), 'not_after_us', us(not_after),
    'token', '', 'settled', '',
    'reason', 'accepted', 'log', us(now) .. '\t\t' .. state .. '\t' .. who .. '\taccepted\n')
  for number in string.gmatch(numbers, '[^,]+') do
    redis.call('SADD', P .. 'of:' .. number, id)
  end
  redis.call('ZADD', P .. 'in:' .. state, us(state == 'ready' and now or due), id)
  if state == 'ready' then
    redis.call('ZADD', P .. 'lane:' .. lane, rank, id)
    lanes[lane] = true
  end
  redis.call('SADD', P .. 'accounts', ARGV[i + 3])
  count_move(lane, id, '', state)
  tell_of_job('create', id, 0, lane, '', state, who, 'accepted')
  return 'created'
end

-- After the last one: let the lanes and a pacer know.
local function announce_accepted()
  for lane in pairs(lanes) do
    refresh_lane(lane)
  end
  if seq > first then
    redis.call('SET', P .. 'seq', us(seq))
    wake_pacer()
  end
end
