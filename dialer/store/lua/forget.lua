#!lua flags=allow-oom
-- Forget the list of a campaign that is over: contacts, hours, history. Its
-- record stays, with the counts of what became of them, and so does its name.
--
-- KEYS[1]  prefix
-- ARGV[1]  campaign   ARGV[2] who
-- ARGV[3]  us that must have passed since it was over, 0 for none
--
-- Returns  {"done", seq, contacts forgotten}, or {"refused", seq, why}

local BUCKETS = 16384
local name = ARGV[1]
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'ends_us', 'changed_us', 'n:dialing', 'rows',
  'forgotten_us')
if not known[1] then
  return {'refused', us(seen()), 'missing'}
end
if known[6] then
  return {'done', us(seen()), '0'}
end
local over = known[1] == 'cancelled' and tonumber(known[3]) or tonumber(known[2])
if over + tonumber(ARGV[3]) > now then
  return {'refused', us(seen()), over > now and 'not over' or 'not yet'}
end
if redis.call('SCARD', P .. 'open:' .. name) > 0 or tonumber(known[4] or '0') > 0 then
  return {'refused', us(seen()), 'not at rest'}
end
for bucket = 0, BUCKETS - 1 do
  redis.call('DEL', P .. 'list:' .. name .. '/' .. bucket)
end
for _, n in ipairs(redis.call('HVALS', P .. 'zones:' .. name)) do
  redis.call('DEL', P .. 'blocks:' .. name .. '/' .. n, P .. 'cal:' .. name .. '/' .. n)
end
redis.call('DEL', P .. 'unknown:' .. name)
redis.call('DEL', P .. 'zones:' .. name, P .. 'pulse:' .. name)
redis.call('ZREM', P .. 'feeding', name)
redis.call('HSET', camp, 'forgotten_us', us(now), 'forgotten_by', ARGV[2])
count_transition()
return {'done', us(seen()), known[5]}
