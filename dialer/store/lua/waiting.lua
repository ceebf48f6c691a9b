-- Loaded after the lanes by every script: whose turn it is with a customer.
--
-- Of the jobs that gap or cap puts off, one a number waits in waiting:<number> and is
-- woken when its time has come. The others stand behind:<number>, by rank, and look
-- again when that one is done with: begun, taken out, or put off by something else.

-- Those behind look for themselves so long after their turn should have come.
local PATIENCE = 600000000

local function each_number(numbers)
  return string.gmatch(numbers, '[^,]+')
end

-- It waits from now on, which is what is healed by when the clock goes back.
local function look_at(id, due)
  redis.call('ZADD', P .. 'in:scheduled', us(due), id)
  put_record(id, {due_us = us(due), entered_us = us(now)})
  wake_pacer()
end

-- The job that waits for a number, if there is one that still does.
local function first_for(number)
  for _, id in ipairs(redis.call('SRANDMEMBER', P .. 'waiting:' .. number, 20)) do
    local job = record_of(id)
    if job and (job.state == 'scheduled' or job.state == 'ready') then
      return id, job.state, tonumber(job.rank)
    end
    redis.call('SREM', P .. 'waiting:' .. number, id)
  end
end

local function stand_behind(id, number, rank, keep)
  redis.call('ZADD', P .. 'behind:' .. number, us(rank), id)
  redis.call('EXPIRE', P .. 'behind:' .. number, keep)
end

-- Remember that a job waits for its customers, to wake it when a ring is given back.
-- due   when its customers may be rung   latest  its deadline
-- gap   the least time between two calls       keep  seconds that this is remembered
-- Returns when it is to look again.
local function wait_for_customer(id, numbers, due, latest, gap, keep)
  local rank = tonumber(record_of(id).rank)
  for number in each_number(numbers) do
    local waiting = P .. 'waiting:' .. number
    local first, state, its_rank = first_for(number)
    if first and first ~= id and its_rank <= rank then
      stand_behind(id, number, rank, keep)
      return math.min(latest, due + PATIENCE + gap * redis.call('ZCARD', P .. 'behind:' .. number))
    elseif first and first ~= id then
      redis.call('SREM', waiting, first)
      stand_behind(first, number, its_rank, keep)
      if state == 'scheduled' then
        look_at(first, due + PATIENCE + gap * redis.call('ZCARD', P .. 'behind:' .. number))
      end
    end
    redis.call('ZREM', P .. 'behind:' .. number, id)
    redis.call('SADD', waiting, id)
    redis.call('EXPIRE', waiting, keep)
  end
  return due
end

-- Wake the first of those behind, from `at` on; some of them may have gone.
local function let_next_look(number, at)
  for _ = 1, 20 do
    local id = redis.call('ZRANGE', P .. 'behind:' .. number, 0, 0)[1]
    if not id then
      return
    end
    redis.call('ZREM', P .. 'behind:' .. number, id)
    local job = record_of(id)
    if job and job.state == 'scheduled' then
      redis.call('SADD', P .. 'waiting:' .. number, id)
      return look_at(id, at)
    end
  end
end

-- A job waits for its customers no more; the next one of each has its turn.
-- at  when that may be, now without it
local function let_others_pass(id, numbers, at)
  for number in each_number(numbers) do
    redis.call('ZREM', P .. 'behind:' .. number, id)
    if redis.call('SREM', P .. 'waiting:' .. number, id) == 1 then
      let_next_look(number, at or now)
    end
  end
end

-- A ring was given back: a job that waits for that number looks at once.
local function wake_waiting(number)
  local id, state = first_for(number)
  if state == 'scheduled' then
    look_at(id, now)
  elseif not id then
    let_next_look(number, now)
  end
end

-- A job waits for the release of a hold on whom it rings second: "account/agent:12".
local function wait_for_release(id, held)
  redis.call('SADD', P .. 'waiting:' .. held, id)
  redis.call('EXPIRE', P .. 'waiting:' .. held, 604800)
end

-- That hold was released: all look, as their calls have nothing else in common.
local function wake_held(held)
  for _, id in ipairs(redis.call('SPOP', P .. 'waiting:' .. held, BOUND)) do
    local job = record_of(id)
    if job and job.state == 'scheduled' then
      look_at(id, now)
    end
  end
end
