#!lua flags=allow-oom
-- uses: customer
-- Put numbers on a do-not-call list, or take them off; allowed when full.
--
-- ask.verb             add or remove
-- ask.account          whose list, "" for everybody's
-- ask.who, ask.reason
-- ask.source           where the numbers come from, '' for unsaid
-- ask.numbers          E.164
-- ask.expires_us       until when they are on it, 0 for good; of two times the later one holds
--
-- Returns   {numbers that were not (add) or were (remove) on the list}

local name = ask.account == '' and 'dnc' or 'dnc:' .. ask.account
local ends = ask.expires_us > 0 and ask.expires_us or math.huge
local value = cjson.encode({who = ask.who, reason = ask.reason, at_us = us(now),
  source = ask.source ~= '' and ask.source or nil,
  expires_us = ask.expires_us > 0 and us(ask.expires_us) or nil})
local changed, entries = 0, 0
for _, number in ipairs(ask.numbers) do
  local known = redis.call('HGET', P .. name, number)
  local until_us = known and (entry_ends(known) or math.huge) or 0
  if ask.verb == 'add' then
    changed = changed + (until_us <= now and 1 or 0)
    if ends > until_us then
      entries = entries + redis.call('HSET', P .. name, number, value)
    end
  else
    entries = entries - redis.call('HDEL', P .. name, number)
    if until_us > now then
      changed = changed + 1
      redis.call('LPUSH', P .. 'released', cjson.encode({number = number, account = ask.account,
        who = ask.who, reason = ask.reason, at_us = us(now)}))
    end
  end
end
count_suppressed(name, entries)
redis.call('LTRIM', P .. 'released', 0, 9999)
count_transition()
return {changed}
