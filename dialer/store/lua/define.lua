#!lua
-- Define a campaign, or change the definition of one.
--
-- KEYS[1]  prefix
-- ARGV[1]  create or replace   ARGV[2] name   ARGV[3] who
-- ARGV[4]  definition (JSON)   ARGV[5] account
-- ARGV[6]  weight              ARGV[7] us between two calls by its own rate, 0 for none
-- ARGV[8]  max posting         ARGV[9] max live calls, 0 for none of its own
-- ARGV[10] live calls for each agent; "" for 1, and none for a group
-- ARGV[11] start, us, 0 for none         ARGV[12] end, us
-- ARGV[13] caps for each customer (customer.lua)
-- ARGV[14] redial rules (JSON)
-- ARGV[15] what contacts that were read once depend on; it stays while there are any
-- ARGV[16] version that a replacement was made from, "" for any
-- ARGV[17] manner of its calls: what was seen of them says something until it changes
--
-- Returns  {"done", seq, state}, or {"refused", seq, why}

local verb, name = ARGV[1], ARGV[2]
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'definition', 'account', 'version',
  'rows', 'shape', 'tat_us', 'forgotten_us', 'manner')
if verb == 'create' and known[1] then
  if known[2] == ARGV[4] then
    return {'done', us(seen()), known[1]}
  end
  return {'refused', us(seen()), 'exists'}
end
if verb == 'replace' and not known[1] then
  return {'refused', us(seen()), 'missing'}
end
if verb == 'replace' and known[3] ~= ARGV[5] then
  return {'refused', us(seen()), 'account'}
end
if known[1] == 'cancelled' then
  return {'refused', us(seen()), 'cancelled'}
end
if known[8] then
  return {'refused', us(seen()), 'forgotten'}
end
if verb == 'replace' and ARGV[16] ~= '' and known[4] ~= ARGV[16] then
  return {'refused', us(seen()), 'changed'}
end
if verb == 'replace' and known[5] ~= '0' and known[6] ~= ARGV[15] then
  return {'refused', us(seen()), 'shape'}
end
redis.call('HINCRBY', camp, 'version', 1)
redis.call('HSET', camp, 'definition', ARGV[4], 'shape', ARGV[15], 'account', ARGV[5], 'weight', ARGV[6],
  'interval_us', ARGV[7], 'max_posting', ARGV[8], 'max_live', ARGV[9], 'per_agent', ARGV[10],
  'starts_us', ARGV[11], 'ends_us', ARGV[12], 'caps', ARGV[13], 'redial', ARGV[14],
  'manner', ARGV[17], 'changed_us', us(now), 'changed_by', ARGV[3])
if not known[1] then
  redis.call('HSET', camp, 'state', 'draft', 'created_us', us(now), 'rows', 0, 'fed', 0,
    'reason', '')
  redis.call('ZADD', P .. 'campaigns', us(now), name)
else
  if known[9] ~= ARGV[17] then
    -- Of its running hour only the rest is to count: this is how far it went.
    local hour, before = us(math.floor(now / 3600000000)), {}
    for i, word in ipairs({'starts', 'placed', 'retries', 'defers', 'dead', 'unconfirmed'}) do
      before[i] = redis.call('HGET', P .. 'pulse:' .. name, hour .. ':' .. word) or '0'
    end
    redis.call('HSET', camp, 'edited_us', us(now), 'edited', table.concat(before, ' '))
  end
  -- Its windows belong to the old hours; missing ones are closed until the feeder writes the new.
  for _, n in ipairs(redis.call('HVALS', P .. 'zones:' .. name)) do
    redis.call('DEL', P .. 'cal:' .. name .. '/' .. n)
  end
  redis.call('ZADD', P .. 'feeding', us(now), name)
  -- What waited for the old hours, rate or limits looks again.
  local interval = tonumber(ARGV[7])
  if known[7] and interval > 0 then
    redis.call('HSET', camp, 'tat_us', us(math.min(tonumber(known[7]), now + interval)))
  end
  local lanes = ARGV[5] .. '/' .. name .. '/'
  for _, lane in ipairs(redis.call('ZRANGE', P .. 'asleep', 0, -1)) do
    if string.sub(lane, 1, #lanes) == lanes then
      wake_lane(lane)
    end
  end
  redis.call('ZREM', P .. 'resting:' .. ARGV[5], name)
  enter(ARGV[5], name)
end
local state = known[1] or 'draft'
tell('campaign', known[1] and 'change' or 'create', name, known[1] or '', state, ARGV[3], 'defined')
count_transition()
return {'done', us(seen()), state}
