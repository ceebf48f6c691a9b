#!lua
-- Write when the zone groups of a campaign are open; old definitions write nothing.
--
-- KEYS[1]   prefix
-- ARGV[1]   campaign   ARGV[2] version of the record the windows were made from
-- ARGV[3]   ms until they are stale, and count as closed
-- ARGV[4..] number of a group, its windows "open-close,...", and so on
--
-- Returns   {seq, 1 if they were written}

local name = ARGV[1]
if redis.call('HGET', P .. 'camp:' .. name, 'version') ~= ARGV[2] then
  return {us(seen()), 0}
end
for i = 4, #ARGV, 2 do
  redis.call('SET', P .. 'cal:' .. name .. '/' .. ARGV[i], ARGV[i + 1], 'PX', ARGV[3])
end
for _, lane in ipairs(redis.call('SMEMBERS', P .. 'unknown:' .. name)) do
  wake_lane(lane)
end
redis.call('DEL', P .. 'unknown:' .. name)
return {us(seen()), 1}
