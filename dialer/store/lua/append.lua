#!lua
-- Add contacts to a campaign's list, all of one zone group, or none of them.
-- Refused when Redis is full.
--
-- list:<campaign>/<bucket> says for each customer which contact that is. As
-- many buckets as keep each of them small for a million contacts: Redis packs
-- small hashes tightly.
--
-- KEYS[1]   prefix
-- ARGV[1]   campaign   ARGV[2] zones of the group, "" for the campaign's own
-- ARGV[3]   token of this call: repeated, it is done once
-- ARGV[4]   block: the contacts, packed
-- ARGV[5]   what they depend on in the definition they were read by, "" for anything
-- ARGV[6..] for each contact its customers as digits, "number,number"
--
-- Returns   {"done", seq, number of the first contact}, {"known", seq, place, place, ...} with
--           the places (from 0) of contacts the list has already, or {"refused", seq, state}

local BUCKETS = 16384
local name, token = ARGV[1], ARGV[3]
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'rows', 'shape', 'forgotten_us')
local state = known[1]
if not state or state == 'cancelled' then
  return {'refused', us(seen()), state or 'missing'}
end
if known[4] then
  return {'refused', us(seen()), 'forgotten'}
end
local done = redis.call('GET', P .. 'said:' .. token)
if done then
  return {'done', us(seen()), done}
end
if ARGV[5] ~= '' and known[3] ~= ARGV[5] then
  return {'refused', us(seen()), 'other columns'}
end

local function bucket(customer)
  return P .. 'list:' .. name .. '/' .. us(tonumber(string.sub(customer, -9)) % BUCKETS)
end

local reply = {'known', us(seen())}
for i = 6, #ARGV do
  for customer in string.gmatch(ARGV[i], '[^,]+') do
    if redis.call('HEXISTS', bucket(customer), customer) == 1 then
      reply[#reply + 1] = i - 6
      break
    end
  end
end
if #reply > 2 then
  return reply
end

local first = tonumber(known[2]) + 1
for i = 6, #ARGV do
  for customer in string.gmatch(ARGV[i], '[^,]+') do
    redis.call('HSET', bucket(customer), customer, us(first + i - 6))
  end
end
local calendar = redis.call('HGET', P .. 'zones:' .. name, ARGV[2])
if not calendar then
  calendar = us(redis.call('HLEN', P .. 'zones:' .. name))
  redis.call('HSET', P .. 'zones:' .. name, ARGV[2], calendar)
end
redis.call('RPUSH', P .. 'blocks:' .. name .. '/' .. calendar, us(first) .. ':' .. ARGV[4])
redis.call('SET', P .. 'said:' .. token, us(first), 'EX', 3600)
redis.call('HINCRBY', camp, 'rows', #ARGV - 5)
redis.call('HINCRBY', camp, 'rows:' .. calendar, #ARGV - 5)
if state == 'running' then
  redis.call('ZADD', P .. 'feeding', us(now), name)
end
return {'done', us(seen()), us(first)}
