#!lua flags=allow-oom
-- Take a worker out of the live ones at once, as it rings no more.
--
-- KEYS[1]  prefix
-- ARGV[1]  worker's name
--
-- Returns  {seq}

for _, member in ipairs(redis.call('ZRANGE', P .. 'capacity', 0, -1)) do
  if string.match(member, '^(.*)=') == ARGV[1] then
    redis.call('ZREM', P .. 'capacity', member)
  end
end
redis.call('HDEL', P .. 'workers', ARGV[1])
if redis.call('ZCOUNT', P .. 'capacity', us(now), '+inf') == 0 then
  -- Nobody is left who could wait to take over: whoever starts next may have new settings.
  redis.call('SET', P .. 'successor', '0')
end
return {us(seen())}
