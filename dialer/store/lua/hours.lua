#!lua
-- Write when the zone groups of a campaign are open; old definitions write nothing.
--
-- ask.campaign
-- ask.version   of the record the windows were made from, as text
-- ask.stale_ms  until they are stale, and count as closed
-- ask.windows   "open-close,..." of each group by its number
--
-- Returns   {1 if they were written}

local name = ask.campaign
if distrust() or redis.call('HGET', P .. 'camp:' .. name, 'version') ~= ask.version then
  return {0}
end
for group, windows in pairs(ask.windows) do
  redis.call('SET', P .. 'cal:' .. name .. '/' .. group, windows, 'PX', us(ask.stale_ms))
end
-- The others wake by themselves in a moment.
for _, lane in ipairs(redis.call('SPOP', P .. 'unknown:' .. name, BOUND)) do
  wake_lane(lane)
end
return {1}
