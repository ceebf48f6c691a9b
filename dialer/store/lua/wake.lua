#!lua flags=allow-oom
-- Wake the lanes of a campaign that was changed: what they slept for may be no more. One
-- call looks at some of those that sleep, and the record says how far it came.
--
-- ask.campaign
-- ask.most      lanes to look at in this call
--
-- Returns  {1 if there are more}

local camp = P .. 'camp:' .. ask.campaign
local known = redis.call('HMGET', camp, 'waking', 'account')
if not known[1] then
  return {0}
end
local lanes = (known[2] or '') .. '/' .. ask.campaign .. '/'
local cursor = string.match(known[1], '^%d+$') or '0'
local page = redis.call('ZSCAN', P .. 'asleep', cursor, 'COUNT', us(ask.most))
for i = 1, #page[2], 2 do
  if string.sub(page[2][i], 1, #lanes) == lanes then
    wake_lane(page[2][i])
  end
end
if page[1] == '0' then
  redis.call('HDEL', camp, 'waking')
  return {0}
end
redis.call('HSET', camp, 'waking', page[1])
return {1}
