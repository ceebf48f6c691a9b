#!lua
-- Make the calls of a campaign's jobs anew, from a definition that was changed.
-- Only jobs that wait or are dead: what is on the wire, and what came of it, stays.
--
-- KEYS[1]   prefix
-- ARGV[1]   who
-- ARGV[2..] twelve values a job (accept.lua), the id of one that is there
--
-- Returns   {seq, jobs made anew}

local MAY = {scheduled = true, ready = true, dead = true}
local made = 0
for i = 2, #ARGV, FIELDS do
  local id, lane = ARGV[i], ARGV[i + 5]
  local key = job_key(id)
  local job = redis.call('HMGET', key, 'state', 'digest', 'not_after_us', 'lane', 'protected', 'rank')
  local same = job[2] == ARGV[i + 1] and job[3] == ARGV[i + 8] and job[4] == lane
  if job[1] and MAY[job[1]] and not same then
    local fields, numbers = call_fields(i)
    for number in string.gmatch(job[5], '[^,]+') do
      redis.call('SREM', P .. 'of:' .. number, id)
    end
    for number in string.gmatch(numbers, '[^,]+') do
      redis.call('SADD', P .. 'of:' .. number, id)
    end
    redis.call('HSET', key, 'not_after_us', ARGV[i + 8], unpack(fields))
    if job[1] == 'ready' and job[4] ~= lane then
      redis.call('ZREM', P .. 'lane:' .. job[4], id)
      redis.call('ZADD', P .. 'lane:' .. lane, job[6], id)
      refresh_lane(job[4])
      refresh_lane(lane)
    end
    note(key, job[1], job[1], ARGV[1], 'made anew: its campaign was changed')
    tell_of_job('remake', id, '', lane, job[1], job[1], ARGV[1], 'its campaign was changed')
    made = made + 1
  end
end
if made > 0 then
  count_transition()
  wake_pacer()
end
return {us(seen()), made}
