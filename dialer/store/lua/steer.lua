#!lua flags=allow-oom
-- Start, pause, resume or cancel a campaign: one write, however long its list is.
-- No `begin` after it takes a job of a campaign that does not run.
--
-- KEYS[1]  prefix
-- ARGV[1]  start, pause, resume or cancel   ARGV[2] name   ARGV[3] who   ARGV[4] reason
-- ARGV[5]  token of this call: sent again, it is done once, whatever came in between
--
-- Returns  {"done" or "already", seq, state now}, or {"refused", seq, state, "empty", "ended" or "forgotten"}

local FROM = {
  start = {draft = true}, pause = {running = true}, resume = {paused = true},
  cancel = {draft = true, running = true, paused = true},
}
local TO = {start = 'running', pause = 'paused', resume = 'running', cancel = 'cancelled'}
local verb, name = ARGV[1], ARGV[2]
local camp = P .. 'camp:' .. name
local known = redis.call('HMGET', camp, 'state', 'account', 'rows', 'ends_us', 'forgotten_us')
local state, account = known[1], known[2]
if not state then
  return {'refused', us(seen()), 'missing'}
end
if TO[verb] == 'running' and known[5] then
  return {'refused', us(seen()), 'forgotten'}
end
if state == TO[verb] or redis.call('EXISTS', P .. 'said:' .. ARGV[5]) == 1 then
  return {'already', us(seen()), state}
end
if not FROM[verb][state] then
  return {'refused', us(seen()), state}
end
if verb == 'start' and tonumber(known[3]) == 0 then
  return {'refused', us(seen()), 'empty'}
end
if TO[verb] == 'running' and tonumber(known[4]) <= now then
  return {'refused', us(seen()), 'ended'}
end
redis.call('SET', P .. 'said:' .. ARGV[5], '1', 'EX', 3600)
redis.call('HINCRBY', camp, 'version', 1)
redis.call('HSET', camp, 'state', TO[verb], 'changed_us', us(now), 'changed_by', ARGV[3],
  'reason', ARGV[4])
redis.call('RPUSH', P .. 'steps:' .. name,
  us(now) .. '\t' .. verb .. '\t' .. ARGV[3] .. '\t' .. ARGV[4])
redis.call('LTRIM', P .. 'steps:' .. name, -100, -1)
if TO[verb] == 'running' then
  enter(account, name)
else
  leave(account, name)
  redis.call('ZREM', P .. 'resting:' .. account, name)
end
-- The feeder fills its lanes, or takes out what is left in them.
redis.call('ZADD', P .. 'feeding', us(now), name)
tell('campaign', verb, name, state, TO[verb], ARGV[3], ARGV[4])
count_transition()
wake_pacer()
return {'done', us(seen()), TO[verb]}
