#!lua flags=allow-oom
-- Forget the list of a campaign that is over: contacts, hours, history. Its
-- record stays, with the counts of what became of them, and so does its name.
-- From the first call on nothing is added to it; the record says how far it came.
--
-- ask.campaign, ask.who
-- ask.after_us  that must have passed since it was over, 0 for none
--
-- Returns  {"more" or "done", contacts forgotten}, or {"refused", why}

if distrust() then
  return {'refused', 'in doubt'}
end
local BUCKETS, STEPS = 16384, 200
local name = ask.campaign
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'ends_us', 'changed_us', 'n:dialing', 'rows',
  'forgotten_us', 'forgetting')
if not known[1] then
  return {'refused', 'missing'}
end
if known[6] and not known[7] then
  return {'done', '0'}
end
local over = known[1] == 'cancelled' and tonumber(known[3]) or tonumber(known[2])
if over + ask.after_us > now then
  return {'refused', over > now and 'not over' or 'not yet'}
end
if redis.call('SCARD', P .. 'open:' .. name) > 0 or tonumber(known[4] or '0') > 0 then
  return {'refused', 'not at rest'}
end
if not known[6] then
  redis.call('HSET', camp, 'forgotten_us', us(now), 'forgotten_by', ask.who)
end
-- The buckets of the list come first, then the zone groups by their numbers.
local from = tonumber(known[7] or '') or 0
local last = BUCKETS + redis.call('HLEN', P .. 'zones:' .. name)
for step = from, math.min(from + STEPS, last) - 1 do
  local group = name .. '/' .. us(step - BUCKETS)
  if step < BUCKETS then
    redis.call('DEL', P .. 'list:' .. name .. '/' .. us(step))
  else
    redis.call('DEL', P .. 'blocks:' .. group, P .. 'cal:' .. group)
  end
end
if from + STEPS < last then
  redis.call('HSET', camp, 'forgetting', us(from + STEPS))
  return {'more', known[5]}
end
redis.call('HDEL', camp, 'forgetting')
redis.call('DEL', P .. 'unknown:' .. name, P .. 'moved:' .. name)
redis.call('DEL', P .. 'zones:' .. name, P .. 'pulse:' .. name)
redis.call('ZREM', P .. 'feeding', name)
count_transition()
return {'done', known[5]}
