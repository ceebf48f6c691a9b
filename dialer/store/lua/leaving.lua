#!lua flags=no-writes
-- Ask how long a call that was granted before may still leave: a stop is true
-- only then.
--
-- Returns  {us until the last of them has left or is given back, 0 for none}

-- A worker looks at its clock, and then it writes; a clock that stepped back bounds nothing.
local MARGIN, MOST = 50000, 2000000
local sound, last = apart('leaving', redis.call, 'GET', P .. 'leaving')
-- Where it is unknown, the longest that it can be.
last = tonumber(sound and (last or '0') or '') or now + MOST
return {us(math.max(0, math.min(last + MARGIN - now, MOST + MARGIN)))}
