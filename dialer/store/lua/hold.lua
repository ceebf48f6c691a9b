#!lua flags=allow-oom
-- Set or release one owner's hold on a scope ("all", "account:NAME").
--
-- KEYS[1]  prefix
-- ARGV[1]  set or release   ARGV[2] scope   ARGV[3] owner   ARGV[4] who   ARGV[5] reason
--
-- Returns  {seq, owners left on the scope, 1 if this changed anything}

local scope, owner = ARGV[2], ARGV[3]
local changed = 1
if ARGV[1] == 'set' then
  add_hold(scope, owner, ARGV[4], ARGV[5])
else
  changed = drop_hold(scope, owner, ARGV[4], ARGV[5])
  if owner == 'breaker' then
    redis.call('DEL', P .. 'breaker:' .. string.gsub(scope, '^account:', ''))
  end
end
count_transition()
return {us(seen()), redis.call('HLEN', P .. 'hold:' .. scope), changed}
