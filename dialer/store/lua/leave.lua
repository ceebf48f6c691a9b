#!lua flags=allow-oom
-- Take a worker out of the live ones at once: it makes no more calls.
--
-- ask.worker  its name
--
-- Returns  {}

local function forget(key)
  for _, member in ipairs(redis.call('ZRANGE', key, 0, BOUND)) do
    if string.match(member, '^(.*)=') == ask.worker then
      redis.call('ZREM', key, member)
    end
  end
end
forget(P .. 'capacity')
for _, account in ipairs(redis.call('SRANDMEMBER', P .. 'accounts', BOUND)) do
  forget(P .. 'capacity:' .. account)
end
redis.call('HDEL', P .. 'workers', ask.worker)
if redis.call('ZCOUNT', P .. 'capacity', us(now), '+inf') == 0 then
  -- No worker is left to wait and take over: the next one may have new settings.
  redis.call('SET', P .. 'successor', '0')
end
return {}
