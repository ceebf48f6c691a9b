#!lua
-- Define a campaign, or change the definition of one.
--
-- ask.verb     create or replace
-- ask.name, ask.who
-- ask.version  that a replacement was made from, as text, "" for any
-- ask.record   the fields of its record that the definition decides, as text:
--   definition (JSON), account, weight, redial (JSON)
--   interval_us           between two calls by its own rate, 0 for none
--   max_posting, max_live 0 for none of its own
--   per_agent             live calls for each agent; "" for 1, and none for a group
--   starts_us, ends_us    0 for no start
--   caps                  for each customer (customer.lua)
--   shape                 what contacts that were read once depend on; it stays while there are any
--   manner                of its calls: what was seen of them says something until it changes
--
-- Returns  {"done", state}, or {"refused", why}

local verb, name, record = ask.verb, ask.name, ask.record
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'definition', 'account', 'version',
  'rows', 'shape', 'tat_us', 'forgotten_us', 'manner')
if verb == 'create' and known[1] then
  if known[2] == record.definition then
    return {'done', known[1]}
  end
  return {'refused', 'exists'}
end
if verb == 'replace' and not known[1] then
  return {'refused', 'missing'}
end
if verb == 'replace' and known[3] ~= record.account then
  return {'refused', 'account'}
end
if known[1] == 'cancelled' then
  return {'refused', 'cancelled'}
end
if known[8] then
  return {'refused', 'forgotten'}
end
if verb == 'replace' and ask.version ~= '' and known[4] ~= ask.version then
  return {'refused', 'changed'}
end
if verb == 'replace' and known[5] ~= '0' and known[6] ~= record.shape then
  return {'refused', 'shape'}
end
redis.call('HINCRBY', camp, 'version', 1)
redis.call('HSET', camp, flat(record))
redis.call('HSET', camp, 'changed_us', us(now), 'changed_by', ask.who)
if not known[1] then
  redis.call('HSET', camp, 'state', 'draft', 'created_us', us(now), 'rows', 0, 'fed', 0,
    'reason', '')
  redis.call('ZADD', P .. 'campaigns', us(now), name)
else
  if known[9] ~= record.manner then
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
  local interval = tonumber(record.interval_us)
  if known[7] and interval > 0 then
    redis.call('HSET', camp, 'tat_us', us(math.min(tonumber(known[7]), now + interval)))
  end
  -- Its lanes may be anywhere among those that sleep: wake.lua goes through them, bit by bit.
  redis.call('HSET', camp, 'waking', '0')
  redis.call('ZREM', P .. 'resting:' .. record.account, name)
  enter(record.account, name)
end
local state = known[1] or 'draft'
tell('campaign', known[1] and 'change' or 'create', name, known[1] or '', state, ask.who, 'defined')
count_transition()
return {'done', state}
