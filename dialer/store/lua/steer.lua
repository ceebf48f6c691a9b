#!lua flags=allow-oom
-- Start, pause, resume or cancel a campaign: one write, however long its list is.
-- No `begin` after it takes a job of a campaign that does not run.
--
-- ask.verb             start, pause, resume or cancel
-- ask.name
-- ask.who, ask.reason
--
-- Returns  {"done" or "already", state now}, or {"refused", state, "empty", "ended" or "forgotten"}

local FROM = {
  start = {draft = true}, pause = {running = true}, resume = {paused = true},
  cancel = {draft = true, running = true, paused = true},
}
local TO = {start = 'running', pause = 'paused', resume = 'running', cancel = 'cancelled'}
local verb, name = ask.verb, ask.name
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'account', 'rows', 'ends_us', 'forgotten_us')
local state, account = known[1], known[2]
if not state then
  return {'refused', 'missing'}
end
if TO[verb] == 'running' and known[5] then
  return {'refused', 'forgotten'}
end
if state == TO[verb] then
  return {'already', state}
end
if not FROM[verb][state] then
  return {'refused', state}
end
if verb == 'start' and tonumber(known[3]) == 0 then
  return {'refused', 'empty'}
end
if TO[verb] == 'running' and tonumber(known[4]) <= now then
  return {'refused', 'ended'}
end
redis.call('HSET', camp, 'state', TO[verb], 'changed_us', us(now), 'changed_by', ask.who,
  'reason', ask.reason)
redis.call('RPUSH', P .. 'steps:' .. name,
  us(now) .. '\t' .. verb .. '\t' .. ask.who .. '\t' .. ask.reason)
redis.call('LTRIM', P .. 'steps:' .. name, -100, -1)
if TO[verb] == 'running' then
  enter(account, name)
else
  leave(account, name)
  redis.call('ZREM', P .. 'resting:' .. account, name)
end
-- The feeder fills its lanes, or takes out what is left in them.
redis.call('ZADD', P .. 'feeding', us(now), name)
tell('campaign', verb, name, state, TO[verb], ask.who, ask.reason)
count_transition()
wake_pacer()
return {'done', TO[verb]}
