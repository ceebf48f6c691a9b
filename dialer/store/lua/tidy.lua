#!lua flags=allow-oom
-- uses: customer
-- Look through some keys: forget what is over, and after a step back of the clock bring what
-- was stamped in the future back to now.
--
-- ask.healing     stamp of the step that is healed, as text, "0" for none
-- ask.assumed_us  longest length of a call without a time limit
-- ask.keys        without the prefix
--
-- Returns   {keys that were changed, 1 if some of them have more to be healed};
--           -1 keys when the clock or the memory is in doubt, and nothing was looked at

local MANY, SOME = 2000, 200
local FUTURE = now + STEP
local healing = tonumber(ask.healing) or now
local changed, more = 0, 0

if distrust() then
  return {-1, 0}
end

local function stamp_of(value)
  return tonumber(value or '0') or 0
end

-- Fields of a hash that say when something was: not later than now.
local function not_later(key, ...)
  for _, field in ipairs({...}) do
    if stamp_of(redis.call('HGET', key, field)) > FUTURE then
      redis.call('HSET', key, field, us(now))
      changed = changed + 1
    end
  end
end

-- Members of a set whose moment is to come: look now, and wait anew where it is right to wait.
local function look_now(key)
  local found = redis.call('ZRANGEBYSCORE', key, '(' .. us(now), '+inf', 'LIMIT', 0, MANY)
  for _, member in ipairs(found) do
    redis.call('ZADD', key, us(now), member)
  end
  changed = changed + #found
  more = #found == MANY and 1 or more
end

-- Calls that may be going on: none longer from now than it can last.
local function shorten_calls(key)
  local found = redis.call('ZREVRANGEBYSCORE', key, '+inf', '(' .. us(now), 'WITHSCORES', 'LIMIT', 0, MANY)
  for i = 1, #found, 2 do
    local id = string.match(found[i], '^(.*)%.%d+$') or ''
    local job = record_of(id) or {}
    local talk = stamp_of(job.talk_us)
    local over = now + stamp_of(job.ring_us) + (talk > 0 and talk or ask.assumed_us)
    if tonumber(found[i + 1]) > over then
      redis.call('ZADD', key, us(over), found[i])
      changed = changed + 1
    end
  end
end

local function heal_job(_, id)
  local job = record_of(id)
  local by = job and stamp_of(job.entered_us) - now or 0
  if by <= STEP then
    return
  end
  local start, quiet = job.start_us, job.quiet_us
  local fields = {entered_us = us(now), created_us = us(math.min(now, stamp_of(job.created_us)))}
  if quiet then
    -- A quarantine counts from the start of its attempt.
    fields.quiet_us = us(stamp_of(quiet) - math.max(0, stamp_of(start) - now))
  end
  if start then
    fields.start_us = us(math.min(now, stamp_of(start)))
  end
  local score = now
  if job.state == 'scheduled' then
    -- A time of the clock that a person asked for stays; a wait since a moment begins now.
    local asked_for = job.entered_us == job.created_us or reason_of(id) == ASKED_FOR
    score = asked_for and stamp_of(job.due_us)
      or math.max(stamp_of(job.due_us) - by, stamp_of(fields.quiet_us))
    fields.due_us = us(score)
  elseif job.state == 'dialing' then
    score = stamp_of(redis.call('ZSCORE', P .. 'in:dialing', id)) - by
  end
  if job.state ~= 'ready' then
    redis.call('ZADD', P .. 'in:' .. job.state, us(score), id)
  end
  put_record(id, fields)
  changed = changed + 1
end

local function heal_rings(key)
  local found = redis.call('ZREVRANGEBYSCORE', key, '+inf', '(' .. us(now), 'WITHSCORES', 'LIMIT', 0, MANY)
  for i = 1, #found, 2 do
    local id = string.match(found[i], '^(.*)%.%d+%.%d+$') or ''
    local latest = now + stamp_of((record_of(id) or {}).lead_us)
    if tonumber(found[i + 1]) > latest + STEP then
      redis.call('ZADD', key, us(latest), found[i])
      changed = changed + 1
    end
  end
end

local HEAL = {
  job = heal_job, live = shorten_calls, busy = shorten_calls, rung = heal_rings,
  asleep = look_now, resting = look_now, feeding = look_now,
  account = function(key) not_later(key, 'cut_us') end,
  camp = function(key) not_later(key, 'changed_us', 'created_us', 'edited_us') end,
  pool = function(key)
    local pool = redis.call('HMGET', key, 'until_us', 'since_us')
    if stamp_of(pool[1]) > now then
      redis.call('HSET', key, 'until_us', us(now + math.max(0, stamp_of(pool[1]) - stamp_of(pool[2]))))
      not_later(key, 'since_us')
    end
  end,
  breaker = function(key)
    local breaker = redis.call('HMGET', key, 'probe_us', 'wait_us')
    local latest = now + stamp_of(breaker[2])
    if stamp_of(breaker[1]) > latest then
      redis.call('HSET', key, 'probe_us', us(latest))
    end
    not_later(key, 'open_us')
  end,
  -- Hours are written ahead of now: they are unknown until they are written anew.
  cal = function(key)
    redis.call('DEL', key)
  end,
  capacity = function(key)
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, us(now + SILENCE), '+inf')) do
      redis.call('ZADD', key, us(now + SILENCE), member)
    end
  end,
  bells = function(key)
    redis.call('ZREMRANGEBYSCORE', key, us(now + 60000000), '+inf')
  end,
  wanting = function(key)
    redis.call('ZREMRANGEBYSCORE', key, us(now + 60000000), '+inf')
  end,
  redrive = function(key)
    local at = stamp_of(redis.call('GET', key))
    redis.call('SET', key, us(math.min(at, now + math.max(0, at - healing))), 'KEEPTTL')
  end,
  successor = function(key)
    if stamp_of(redis.call('GET', key)) > now then
      redis.call('SET', key, us(now))
    end
  end,
  started = function(key)
    for _, bucket in ipairs(redis.call('HKEYS', key)) do
      if (tonumber(bucket) or math.huge) > now / 10000000 then
        redis.call('HDEL', key, bucket)
      end
    end
  end,
}

-- Some of those on a do-not-call list whose entry is over: others come with the next rounds.
local function end_entries(key, account)
  local some = redis.call('HRANDFIELD', key, SOME, 'WITHVALUES')
  for i = 1, #some, 2 do
    if (entry_ends(some[i + 1]) or math.huge) <= now then
      redis.call('HDEL', key, some[i])
      count_suppressed(account == '' and 'dnc' or 'dnc:' .. account, -1)
      changed = changed + 1
    end
  end
end

local function end_calls(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', us(now))
end

local FORGET = {
  job = function(key)
    local stone = redis.call('HMGET', key, LETTERS.state, 'gone_us')
    if not stone[1] and stone[2] and stamp_of(stone[2]) <= now then
      redis.call('DEL', key)
      changed = changed + 1
    end
  end,
  rung = function(key)
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
    if last[2] and tonumber(last[2]) < now - longest_period({longest = 0}) then
      redis.call('DEL', key)
      changed = changed + 1
    end
  end,
  live = end_calls, busy = end_calls, dnc = end_entries,
}

for _, name in ipairs(ask.keys) do
  local kind, rest = string.match(name, '^(%a+):?(.*)$')
  local duty = (healing > 0 and HEAL or FORGET)[kind]
  if duty then
    apart(name, duty, P .. name, rest)
  end
end
return {changed, more}
