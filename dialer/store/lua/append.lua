#!lua
-- Add contacts to a campaign's list, all of one zone group, or none of them.
-- Refused when Redis is full.
--
-- list:<campaign>/<bucket> says for each customer which contact that is. As
-- many buckets as keep each of them small for a million contacts: Redis packs
-- small hashes tightly.
--
-- ask.campaign
-- ask.zones      of the group, "" for the campaign's own
-- ask.block      the contacts, packed
-- ask.shape      what they depend on in the definition they were read by, "" for anything
-- ask.customers  for each contact its customers as digits, "number,number"
--
-- Returns   {"done", number of the first contact}, {"known", place, place, ...} with
--           the places (from 0) of contacts the list has already, or {"refused", state}

local BUCKETS, GROUPS = 16384, 500
local name = ask.campaign
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'rows', 'shape', 'forgotten_us')
local state = known[1]
if not state or state == 'cancelled' then
  return {'refused', state or 'missing'}
end
if known[4] then
  return {'refused', 'forgotten'}
end
if ask.shape ~= '' and known[3] ~= ask.shape then
  return {'refused', 'other columns'}
end

-- Each group has hours and lanes of its own, which the feeder must look after.
if redis.call('HEXISTS', P .. 'zones:' .. name, ask.zones) == 0
  and redis.call('HLEN', P .. 'zones:' .. name) >= GROUPS then
  return {'refused', 'groups'}
end

local function bucket(customer)
  return P .. 'list:' .. name .. '/' .. us(tonumber(string.sub(customer, -9)) % BUCKETS)
end

local reply = {'known'}
for place, customers in ipairs(ask.customers) do
  for customer in each_number(customers) do
    if redis.call('HEXISTS', bucket(customer), customer) == 1 then
      reply[#reply + 1] = place - 1
      break
    end
  end
end
if #reply > 1 then
  return reply
end

local last = tonumber(known[2])
for place, customers in ipairs(ask.customers) do
  for customer in each_number(customers) do
    redis.call('HSET', bucket(customer), customer, us(last + place))
  end
end
local calendar = redis.call('HGET', P .. 'zones:' .. name, ask.zones)
if not calendar then
  calendar = us(redis.call('HLEN', P .. 'zones:' .. name))
  redis.call('HSET', P .. 'zones:' .. name, ask.zones, calendar)
end
redis.call('RPUSH', P .. 'blocks:' .. name .. '/' .. calendar, us(last + 1) .. ':' .. ask.block)
redis.call('HINCRBY', camp, 'rows', #ask.customers)
redis.call('HINCRBY', camp, 'rows:' .. calendar, #ask.customers)
if state == 'running' then
  redis.call('ZADD', P .. 'feeding', us(now), name)
end
return {'done', us(last + 1)}
