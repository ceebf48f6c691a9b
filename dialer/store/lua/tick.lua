#!lua flags=allow-oom
-- Claim the next round of upkeep, so that many tickers do it once.
--
-- KEYS[1]  prefix
-- ARGV[1]  us that must have passed since the last round
--
-- Returns  {seq, 1 if the caller shall do the round}

local last = tonumber(redis.call('GET', P .. 'tick') or '0')
if now - last < tonumber(ARGV[1]) then
  return {us(seen()), 0}
end
redis.call('SET', P .. 'tick', us(now))
return {us(seen()), 1}
