#!lua flags=allow-oom
-- Set when the feeder looks at a campaign next. A decision or an opening since
-- its last look is not put off.
--
-- ask.campaign
-- ask.seen       fields of its record as the feeder read them, as text
-- ask.at_us      when, 0 when only news can change anything
-- ask.period_us  from now, in which to look if something is open all the same
-- ask.renewed    whether all its open jobs are made by that version now
--
-- Returns  {}

local name, feeding = ask.campaign, P .. 'feeding'
local camp = P .. 'camp:' .. name
local SEEN = {'version', 'rows', 'state', 'changed_us', 'called'}
local known = redis.call('HMGET', camp, unpack(SEEN))
for i, field in ipairs(SEEN) do
  if (known[i] or field == 'called' and '0') ~= ask.seen[field] then
    redis.call('ZADD', feeding, us(now), name)
    return {}
  end
end
if ask.renewed then
  redis.call('HSET', camp, 'renewed', ask.seen.version .. '/' .. ask.seen.called)
end
if ask.at_us > 0 then
  redis.call('ZADD', feeding, us(ask.at_us), name)
elseif redis.call('SCARD', P .. 'open:' .. name) > 0 and ask.seen.state ~= 'paused' then
  redis.call('ZADD', feeding, us(now + ask.period_us), name)
else
  redis.call('ZREM', feeding, name)
end
return {}
