#!lua
-- Put dead jobs back with fresh tries, at a limited speed. Refused when full.
--
-- KEYS[1]   prefix
-- ARGV[1]   who   ARGV[2] us between two jobs of an account, over all redrives
-- ARGV[3]   shortest deadline from each job's new due time, us
-- ARGV[4..] job ids
--
-- Returns   one word a job: "done", or the state that refused

local answers = {}
for i = 4, #ARGV do
  local key = job_key(ARGV[i])
  local job = redis.call('HMGET', key, 'account', 'lane')
  local cursor = P .. 'redrive:' .. (job[1] or '')
  local slot = math.max(now, tonumber(redis.call('GET', cursor) or '0'))
  -- What a person resolved as dead may be a call under way until its quarantine is over.
  local due = math.max(slot, tonumber(redis.call('HGET', key, 'quiet_us') or '0'))
  local refused = job[2] and campaign_over(job[2]) and 'in a campaign that is over'
    or move('redrive', ARGV[i], 'scheduled', due, ARGV[1], 'redriven')
  if not refused then
    local not_after = tonumber(redis.call('HGET', key, 'not_after_us'))
    redis.call('HSET', key, 'tries', 0, 'misses', 0,
      'not_after_us', us(math.max(not_after, due + tonumber(ARGV[3]))))
    redis.call('SET', cursor, us(slot + tonumber(ARGV[2])), 'EX', 2592000)
  end
  answers[#answers + 1] = refused or 'done'
end
wake_pacer()
return answers
