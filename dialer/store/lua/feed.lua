#!lua
-- Make jobs of the next contacts of a campaign; refused when Redis is full.
-- The cursor says which contacts those are, so doing it twice does it once.
--
-- KEYS[1]   prefix
-- ARGV[1]   campaign          ARGV[2] calendar, the number of its zone group
-- ARGV[3]   cursor from which they were read, "block:place"
-- ARGV[4]   cursor behind them           ARGV[5] how many contacts that is
-- ARGV[6]   version of the definition they were made from
-- ARGV[7]  mode of its account, "developer" or "live": that of the first contact is that of all,
--          so that an account which is switched later does not spend the others on nobody
-- ARGV[8..] twelve values a job (accept.lua)
--
-- Returns   {"fed", seq, jobs made}, or {"stopped", seq, state} and
--           {"moved", seq, cursor} or {"changed", seq, version or mode} when nothing was done

local campaign, field = ARGV[1], 'c:' .. ARGV[2]
local camp = P .. 'camp:' .. campaign
local known = redis.call('HMGET', camp, 'state', field, 'starts_us', 'ends_us', 'version', 'mode')
if known[1] ~= 'running' then
  return {'stopped', us(seen()), known[1] or 'missing'}
end
if tonumber(known[3]) > now or tonumber(known[4]) <= now then
  return {'stopped', us(seen()), 'not its time'}
end
if known[5] ~= ARGV[6] then
  return {'changed', us(seen()), known[5]}
end
if known[6] and known[6] ~= ARGV[7] then
  return {'changed', us(seen()), known[6]}
end
if (known[2] or '0:0') ~= ARGV[3] then
  return {'moved', us(seen()), known[2] or '0:0'}
end
local made = 0
for i = 8, #ARGV, FIELDS do
  if accept(i, 'campaign') == 'created' then
    made = made + 1
  end
end
redis.call('HSET', camp, field, ARGV[4], 'mode', ARGV[7])
redis.call('HINCRBY', camp, 'fed', ARGV[5])
redis.call('HINCRBY', camp, 'fed:' .. ARGV[2], ARGV[5])
announce_accepted()
return {'fed', us(seen()), made}
