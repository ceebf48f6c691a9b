#!lua flags=allow-oom
-- Forget jobs that came to an end long ago. What stays for a while is a
-- tombstone: the digest and the last state, so that the key is still known.
--
-- KEYS[1]  prefix
-- ARGV[1]  state: placed, dead, cancelled or skipped; never unconfirmed
-- ARGV[2]  retention, us: how long jobs are kept whole
-- ARGV[3]  key retention, us: how long their keys are known, counted alike
-- ARGV[4]  most jobs to forget in this call
--
-- Returns  {seq, jobs forgotten}

local ENDS = {placed = true, dead = true, cancelled = true, skipped = true}
local state = ARGV[1]
if not ENDS[state] then
  return redis.error_reply('jobs that are ' .. state .. ' are never pruned')
end
local old = redis.call('ZRANGEBYSCORE', P .. 'in:' .. state, '-inf', us(now - tonumber(ARGV[2])),
  'LIMIT', 0, tonumber(ARGV[4]))
local left = math.ceil((tonumber(ARGV[3]) - tonumber(ARGV[2])) / 1000)
for _, id in ipairs(old) do
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'digest', 'protected', 'lane')
  redis.call('ZREM', P .. 'in:' .. state, id)
  -- A stray entry of a damaged index names no job.
  if job[3] then
    for number in string.gmatch(job[2], '[^,]+') do
      redis.call('SREM', P .. 'of:' .. number, id)
    end
    redis.call('DEL', key)
    -- A contact is fed once, so its job needs no stone to be known by.
    if left > 0 and not lane_campaign(job[3]) then
      redis.call('HSET', key, 'digest', job[1], 'was', state)
      redis.call('PEXPIRE', key, left)
    end
    tell_of_job('prune', id, '', job[3], state, 'forgotten', 'clock', 'its retention is over')
  end
end
return {us(seen()), #old}
