#!lua
-- Put dead jobs back with fresh tries, at a limited speed. Refused when full.
--
-- ask.jobs         their ids
-- ask.who
-- ask.gap_us       between two jobs of an account, over all redrives
-- ask.deadline_us  the shortest, from each job's new due time
--
-- Returns   one word a job: "done", or the state that refused

local answers = {}
local function put_back(id)
  local job, damage = record_of(id)
  if not job then
    return damage == 'missing' and damage or 'damaged'
  end
  local cursor = P .. 'redrive:' .. job.account
  local slot = math.max(now, tonumber(redis.call('GET', cursor) or '') or 0)
  -- What a person resolved as dead may be a call under way until its quarantine is over.
  local due = math.max(slot, tonumber(job.quiet_us or '0'))
  local refused = campaign_over(job.lane) and 'in a campaign that is over'
    or move('redrive', id, 'scheduled', due, ask.who, 'redriven')
  if not refused then
    put_record(id, {tries = '0', misses = '0',
      not_after_us = us(math.max(tonumber(job.not_after_us), due + ask.deadline_us))})
    redis.call('SET', cursor, us(slot + ask.gap_us), 'EX', 2592000)
  end
  return refused or 'done'
end
for i, id in ipairs(ask.jobs) do
  local sound, answer = apart('job:' .. id, put_back, id)
  answers[i] = sound and answer or 'damaged'
end
wake_pacer()
return answers
