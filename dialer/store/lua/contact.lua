#!lua
-- uses: accept
-- Have one contact of a campaign rung at a time that was asked for, or not at all. One that waits
-- in its list becomes a job ahead of its turn, and the feeder passes over it.
--
-- ask.campaign
-- ask.group    the number of its zone group
-- ask.block    where it stands in that group's list: the block, and
-- ask.place    the place in it, both from 0
-- ask.row      its number in the list, as text
-- ask.version  of the definition that the job is made from, as text
-- ask.mode     of its account, as feed.lua has it
-- ask.agent    who is rung first, where that is not as the definition says; ''
-- ask.due_us   when, 0 for not at all
-- ask.job      as accept.lua describes it, by the definition and that agent
-- ask.peers    accounts whose agents are the same people
-- ask.who, ask.why  of one that is not rung at all
--
-- Returns   {"done", ''}, {"refused", state of the campaign}, {"changed", version or mode},
--           {"doubt", why}, {"late", ''}, or {"state", that of its job, which does not wait}

local doubt = distrust()
if doubt then
  return {'doubt', doubt}
end
local camp, moved = P .. 'camp:' .. ask.campaign, P .. 'moved:' .. ask.campaign
local known = redis.call('HMGET', camp, 'state', 'c:' .. ask.group, 'version', 'mode', 'forgotten_us',
  'ends_us')
local state = known[1]
if not state or state == 'cancelled' or known[5] or (state == 'draft' and ask.due_us > 0) then
  return {'refused', known[5] and 'forgotten' or state or 'missing'}
end
if known[3] ~= ask.version then
  return {'changed', known[3]}
end
if known[4] and known[4] ~= ask.mode then
  return {'changed', known[4]}
end
if ask.due_us >= tonumber(known[6]) then
  return {'late', ''}
end

local id = ask.job.ids[1]

local function was_fed()
  local block, place = string.match(known[2] or '0:0', '^(%d+):(%d+)$')
  block, place = tonumber(block), tonumber(place)
  return block > ask.block or (block == ask.block and place > ask.place)
end

-- What waited for its customer, or for whom it rings second, must not be woken before its time.
local function wait_for_nobody(job)
  let_others_pass(id, job.protected)
  for _, account in ipairs(ask.peers) do
    for _, one in ipairs(crew_of(job.also or '')) do
      redis.call('SREM', P .. 'waiting:' .. account .. '/' .. one, id)
    end
  end
end

local function put_off(job)
  local at, call = math.max(ask.due_us, now), ask.job.call
  if job.state == 'ready' then
    move('postpone', id, 'scheduled', at, ask.who, ASKED_FOR)
  else
    redis.call('ZADD', P .. 'in:scheduled', us(at), id)
    put_record(id, {due_us = us(at)}, event_of('scheduled', 'scheduled', ask.who, ASKED_FOR))
    tell_of_job('remake', id, '', job.lane, 'scheduled', 'scheduled', ask.who, ASKED_FOR)
    count_transition()
  end
  wait_for_nobody(job)
  if job.protected ~= call.protected then
    forget_numbers(id, job.protected)
    know_numbers(id, call.protected)
  end
  call.version = ask.version
  put_record(id, call)
  wake_pacer()
end

if not was_fed() and redis.call('HEXISTS', moved, ask.row) == 0 then
  ask.job.due_us = ask.due_us
  local word = accept(ask.job, ask.who, ask.version)
  if word ~= 'created' then
    return word == 'late' and {'late', ''} or {'state', word}
  end
  redis.call('HSET', moved, ask.row, ask.agent)
  redis.call('HSET', camp, 'mode', ask.mode)
  redis.call('HINCRBY', camp, 'early', 1)
  redis.call('HINCRBY', camp, 'early:' .. ask.group, 1)
  announce_accepted()
elseif ask.due_us > 0 then
  local job = record_of(id)
  if not job or (job.state ~= 'scheduled' and job.state ~= 'ready') then
    return {'state', job and job.state or 'pruned'}
  end
  put_off(job)
  redis.call('HSET', moved, ask.row, ask.agent)
end
if ask.due_us == 0 then
  local is = move('cancel', id, 'cancelled', now, ask.who, ask.why)
  if is then
    return {'state', is == 'missing' and 'pruned' or is}
  end
end
return {'done', ''}
