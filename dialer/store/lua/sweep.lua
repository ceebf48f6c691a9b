#!lua flags=allow-oom
-- Take out jobs that wait in a campaign which was cancelled or has ended.
--
-- KEYS[1]  prefix
-- ARGV[1]  campaign   ARGV[2] most jobs to touch in this call
--
-- Returns  {seq, jobs moved, jobs of it that still wait or are on the wire}

local name = ARGV[1]
local camp = redis.call('HMGET', P .. 'camp:' .. name, 'state', 'changed_by', 'ends_us', 'n:dialing')
local cancelled = camp[1] == 'cancelled'
local moved = 0
if cancelled or tonumber(camp[3] or '0') <= now then
  for _, id in ipairs(redis.call('SRANDMEMBER', P .. 'open:' .. name, tonumber(ARGV[2]))) do
    if cancelled then
      move('cancel', id, 'cancelled', now, camp[2], 'its campaign was cancelled')
    else
      move('skip', id, 'skipped', now, 'rule', 'its campaign has ended', 'time')
    end
    moved = moved + 1
  end
end
return {us(seen()), moved, redis.call('SCARD', P .. 'open:' .. name) + tonumber(camp[4] or '0')}
