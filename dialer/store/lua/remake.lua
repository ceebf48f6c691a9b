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
local function put_in_place(id, was, job)
  if was.protected ~= job.protected then
    forget_numbers(id, was.protected)
    know_numbers(id, job.protected)
    let_others_pass(id, was.protected)
  end
  if job.state == 'ready' and was.lane ~= job.lane then
    out_of_lane(was.lane, id)
    into_lane(job.lane, id, job.rank)
    refresh_lane(was.lane)
    refresh_lane(job.lane)
  end
end

local function make_anew(new)
  local id, lane, not_after = new.ids[1], new.call.lane, us(new.not_after_us)
  local job = record_of(id)
  if job and MAY[job.state] then
    local why = reason_of(id)
    if job.digest ~= new.digests[1] or job.not_after_us ~= not_after or job.lane ~= lane then
      local was = {protected = job.protected, lane = job.lane}
      new.call.not_after_us = not_after
      put_record(id, new.call, event_of(job.state, job.state, 'feeder', WHY))
      put_in_place(id, was, job)
      tell_of_job('remake', id, '', lane, job.state, job.state, 'feeder', 'its campaign was changed')
      made = made + 1
    end
    -- Last: one whose record could not be made anew stays behind.
    put_record(id, {version = version})
    if job.state == 'scheduled' and why == BEHIND then
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
