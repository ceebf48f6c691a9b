#!lua flags=allow-oom
-- uses: customer
-- Put numbers on a do-not-call list, or take them off; allowed when full.
--
-- ask.verb             add or remove
-- ask.account          whose list, "" for everybody's
-- ask.who, ask.reason
-- ask.numbers          E.164
--
-- Returns   {numbers that were not (add) or were (remove) on the list}

local name = ask.account == '' and 'dnc' or 'dnc:' .. ask.account
local value = cjson.encode({who = ask.who, reason = ask.reason, at_us = us(now)})
local changed = 0
for _, number in ipairs(ask.numbers) do
  if ask.verb == 'add' then
    changed = changed + redis.call('HSETNX', P .. name, number, value)
  else
    local gone = redis.call('HDEL', P .. name, number)
    changed = changed + gone
    if gone == 1 then
      redis.call('LPUSH', P .. 'released', cjson.encode({number = number, account = ask.account,
        who = ask.who, reason = ask.reason, at_us = us(now)}))
    end
  end
end
-- Not -changed: minus nothing is "-0" in Lua, and no integer for Redis.
count_suppressed(name, ask.verb == 'add' and changed or 0 - changed)
redis.call('LTRIM', P .. 'released', 0, 9999)
count_transition()
return {changed}
