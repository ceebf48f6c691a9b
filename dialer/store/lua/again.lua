#!lua flags=allow-oom
-- Say when the feeder is to look at a campaign next. What somebody decided or
-- what opened since it looked is not put off.
--
-- KEYS[1]  prefix
-- ARGV[1]  campaign   ARGV[2] version and rows of the record it looked at, "3/500"
-- ARGV[3]  when, us; 0 when only news can change anything
-- ARGV[4]  us from now in which to look if something is open all the same
--
-- Returns  {seq}

local name, feeding = ARGV[1], P .. 'feeding'
local known = redis.call('HMGET', P .. 'camp:' .. name, 'version', 'rows')
if (known[1] or '') .. '/' .. (known[2] or '') ~= ARGV[2] then
  redis.call('ZADD', feeding, us(now), name)
elseif ARGV[3] ~= '0' then
  redis.call('ZADD', feeding, ARGV[3], name)
elseif redis.call('SCARD', P .. 'open:' .. name) > 0 and
  redis.call('HGET', P .. 'camp:' .. name, 'state') ~= 'paused' then
  redis.call('ZADD', feeding, us(now + tonumber(ARGV[4])), name)
else
  redis.call('ZREM', feeding, name)
end
return {us(seen())}
