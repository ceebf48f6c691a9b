#!lua flags=allow-oom
-- Claim the next round of upkeep, so that many tickers do it once.
--
-- ask.since_us  that must have passed since the last round
--
-- Returns  {1 if the caller shall do the round}

local last = tonumber(redis.call('GET', P .. 'tick') or '') or 0
if distrust() or (last <= now and now - last < ask.since_us) then
  return {0}
end
redis.call('SET', P .. 'tick', us(now))
-- What others read without a script is put aside here if it is no such thing.
for _, name in ipairs({'feeding', 'campaigns'}) do
  redis.call('ZCARD', P .. name)
end
return {1}
