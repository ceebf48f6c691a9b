#!lua flags=allow-oom
-- Set or release one owner's hold on a scope ("all", "account:NAME", "pool:NAME/agent:12").
--
-- ask.verb              set or release
-- ask.scope, ask.owner
-- ask.who, ask.reason
--
-- Returns  {owners left on the scope, 1 if this changed anything}

local scope, owner = ask.scope, ask.owner
local changed = 1
if ask.verb == 'set' then
  add_hold(scope, owner, ask.who, ask.reason)
else
  changed = drop_hold(scope, owner, ask.who, ask.reason)
  if owner == 'clock' and scope == 'all' and changed == 1 and not WENT_BACK then
    -- A person says that the clock is right: what it skipped has passed.
    redis.call('HSET', P .. 'era', 'most_us', us(now))
    redis.call('HDEL', P .. 'era', 'ahead_us', 'ahead_by')
  elseif owner == 'breaker' then
    redis.call('DEL', P .. 'breaker:' .. string.gsub(scope, '^account:', ''))
  end
end
count_transition()
return {redis.call('HLEN', P .. 'hold:' .. scope), changed}
