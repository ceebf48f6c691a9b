#!lua flags=allow-oom
-- Forget jobs that came to an end long ago. What stays for a while is a
-- tombstone: the digest and the last state, so that the key is still known.
--
-- ask.state             placed, dead, cancelled or skipped; never unconfirmed
-- ask.retention_us      how long jobs are kept whole
-- ask.key_retention_us  how long their keys are known, counted alike
-- ask.most              jobs to forget in this call
--
-- Returns  {jobs forgotten}

local ENDS = {placed = true, dead = true, cancelled = true, skipped = true}
local state = ask.state
if not ENDS[state] then
  return redis.error_reply('jobs that are ' .. state .. ' are never pruned')
end
if distrust() then
  return {0}
end
local old = redis.call('ZRANGEBYSCORE', P .. 'in:' .. state, '-inf', us(now - ask.retention_us),
  'LIMIT', 0, ask.most)
local left = ask.key_retention_us - ask.retention_us
local function forget(id)
  local key, job = job_key(id), record_of(id)
  -- A stray entry of a damaged index names no job, or one that is elsewhere.
  if job and job.state == state then
    forget_numbers(id, job.protected)
    redis.call('DEL', key, P .. 'metadata:' .. id)
    -- A contact is fed once, so its job needs no stone to be known by.
    if left > 0 and not lane_campaign(job.lane) then
      redis.call('HSET', key, 'was', state, 'gone_us', us(now + left))
      if job.digest then
        redis.call('HSET', key, LETTERS.digest, job.digest)
      end
    end
    tell_of_job('prune', id, '', job.lane, state, 'forgotten', 'clock', 'its retention is over')
  end
end
for _, id in ipairs(old) do
  apart('job:' .. id, forget, id)
  redis.call('ZREM', P .. 'in:' .. state, id)
end
return {#old}
