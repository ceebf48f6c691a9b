#!lua
-- Make the calls of a campaign's jobs anew, by its definition as it is now.
-- Only jobs that wait: what is on the wire, and what came of it, stays.
--
-- ask.campaign
-- ask.version  of the definition they were made from, as text
-- ask.jobs     as accept.lua describes them, by the ids of those that are there
--
-- Returns   {"done", jobs that are others now}, or {"changed", version} when nothing was done

local version, known = ask.version, redis.call('HGET', P .. 'camp:' .. ask.campaign, 'version')
if known ~= version then
  return {'changed', known or ''}
end
local WHY = 'made anew: its campaign was changed'
local MAY = {scheduled = true, ready = true}
local made = 0

-- Into its new lane, and among those of its new customers.
local function put_in_place(id, job, lane, numbers)
  for number in each_number(job[5]) do
    redis.call('SREM', P .. 'of:' .. number, id)
  end
  for number in each_number(numbers) do
    redis.call('SADD', P .. 'of:' .. number, id)
  end
  if job[5] ~= numbers then
    let_others_pass(id, job[5])
  end
  if job[1] == 'ready' and job[4] ~= lane then
    redis.call('ZREM', P .. 'lane:' .. job[4], id)
    redis.call('ZADD', P .. 'lane:' .. lane, job[6], id)
    refresh_lane(job[4])
    refresh_lane(lane)
  end
end

local function make_anew(new)
  local id, lane, not_after = new.ids[1], new.call.lane, us(new.not_after_us)
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'state', 'digest', 'not_after_us', 'lane', 'protected', 'rank',
    'reason')
  local same = job[2] == new.digests[1] and job[3] == not_after and job[4] == lane
  if MAY[job[1]] then
    if not same then
      local log = noted(redis.call('HGET', key, 'log') or '', job[1], job[1], 'feeder', WHY)
      redis.call('HSET', key, 'not_after_us', not_after, 'log', log, flat(new.call))
      put_in_place(id, job, lane, new.call.protected)
      tell_of_job('remake', id, '', lane, job[1], job[1], 'feeder', 'its campaign was changed')
      made = made + 1
    end
    -- Last: one whose record could not be made anew stays behind.
    redis.call('HSET', key, 'version', version)
    if job[1] == 'scheduled' and job[7] == BEHIND then
      move('due', id, 'ready', now, 'feeder', WHY)
    end
  end
end
for _, new in ipairs(ask.jobs) do
  apart('job:' .. new.ids[1], make_anew, new)
end
if made > 0 then
  count_transition()
  wake_pacer()
end
return {'done', made}
