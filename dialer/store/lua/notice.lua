#!lua flags=allow-oom
-- Write down what a process noticed of the clock or the memory of the store, and stop
-- everything where going on could ring, or end, what must not be. Backwards is healed,
-- forwards is held: ops/decisions.md, "When the clock steps".
--
-- ask.by_us      by which the clock stepped as the caller saw it, 0 for not
-- ask.before_us  what the clock said before it
-- ask.set_right  whether the store's clock stepped alone, and agrees with the caller's since then
--
-- Returns  {what was done, us by which the clock stepped}: nothing, lived through, healed, held,
--          stranger (the caller's clock is another one: it dials nothing), forgotten

local by, set_right = ask.by_us, ask.set_right

local function hms(span)
  span = math.floor(math.abs(span) / 1000000 + 0.5)
  return string.format('%d:%02d:%02d', math.floor(span / 3600), math.floor(span / 60) % 60, span % 60)
end

local said = redis.call('HMGET', P .. 'era', 'step_us', 'step_by', 'ahead_us', 'ahead_by')
local last_at, last_by = tonumber(said[1] or '') or 0, tonumber(said[2] or '') or 0
local ahead, ahead_by = tonumber(said[3] or '') or 0, tonumber(said[4] or '') or 0

-- Each process sees the same step, and says so within moments: a later one begins where the last ended.
local function known_already()
  if math.abs(by - last_by) > MOMENT or now < last_at or now - last_at > 5000000 then
    return false
  end
  return by < 0 or ask.before_us < last_at - MOMENT
end

-- For meters (over_steps), and to tell whether a step that is held was taken back.
local function note_step()
  if by == 0 or known_already() then
    return
  end
  redis.call('HINCRBY', P .. 'era', 'steps', 1)
  redis.call('HINCRBY', P .. 'era', 'gained_us', us(math.max(0, by)))
  redis.call('HSET', P .. 'era', 'step_us', us(now), 'step_by', us(by))
  if ahead > 0 then
    ahead_by = ahead_by + by
    redis.call('HSET', P .. 'era', 'ahead_by', us(ahead_by))
  end
end

-- What was stamped in the future is brought back to now by and by (tidy.lua).
local function heal()
  redis.call('HSET', P .. 'era', 'most_us', us(now), 'heal_us', us(math.max(ERA.most, now)))
  redis.call('HDEL', P .. 'era', 'ahead_us', 'ahead_by')
  drop_hold('all', 'clock', 'clock', 'the clock is where it belongs')
  wake_pacer()
  return {'healed', us(by)}
end

local function hold()
  add_hold('all', 'clock', 'clock', 'the clock went on by ' .. hms(by) .. ' at once: where it is wrong,'
    .. ' set it right, and this ends by itself; where it is right now, release this')
  redis.call('HSET', P .. 'era', 'ahead_us', us(now), 'ahead_by', us(by))
  return {'held', us(by)}
end

-- Is most of a step forward that is held taken back, by those who lived through all of it, or
-- by the clock itself?
local function is_back()
  return ahead_by < STEP or now - ERA.most < (ahead - ERA.most) / 2
end

if FORGOTTEN then
  stop_what_was_forgotten()
  return {'forgotten', '0'}
end
if by == 0 and WENT_BACK then
  by = now - ERA.most
end
local agrees = not off(CALLER.wall, CALLER.tolerance)
-- Others would have kept up with it if it was the caller alone that stood still.
local jumped = by > STEP and not set_right and now - ERA.most > STEP
if agrees then
  note_step()
end
if jumped and ahead == 0 then
  return hold()
elseif not agrees then
  return {'stranger', us(by)}
elseif ahead > 0 then
  return is_back() and heal() or {'held', us(by)}
elseif WENT_BACK or by < -STEP or (set_right and by > STEP) then
  return heal()
end
return {by == 0 and 'nothing' or 'lived through', us(by)}
