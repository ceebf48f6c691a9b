#!lua flags=allow-oom
-- Put numbers on a do-not-call list, or take them off; allowed when full.
--
-- KEYS[1]   prefix
-- ARGV[1]   add or remove   ARGV[2] "" for everybody's list, or an account
-- ARGV[3]   who   ARGV[4] reason
-- ARGV[5..] numbers, E.164
--
-- Returns   {seq, numbers that were not (add) or were (remove) on the list}

local list = ARGV[2] == '' and P .. 'dnc' or P .. 'dnc:' .. ARGV[2]
local value = cjson.encode({who = ARGV[3], reason = ARGV[4], at_us = us(now)})
local changed = 0
for i = 5, #ARGV do
  if ARGV[1] == 'add' then
    changed = changed + redis.call('HSETNX', list, ARGV[i], value)
  else
    local gone = redis.call('HDEL', list, ARGV[i])
    changed = changed + gone
    if gone == 1 then
      redis.call('LPUSH', P .. 'released', cjson.encode({number = ARGV[i], account = ARGV[2],
        who = ARGV[3], reason = ARGV[4], at_us = us(now)}))
    end
  end
end
redis.call('LTRIM', P .. 'released', 0, 9999)
count_transition()
return {us(seen()), changed}
