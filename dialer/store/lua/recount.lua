#!lua flags=allow-oom
-- Compare the books of a campaign, or how many jobs of each account are ready, with the jobs as
-- they were counted, and write them anew.
-- Of ended jobs that were pruned only the books know: such a count is never lowered.
--
-- ask.campaign  "" for the ready ones
-- ask.seq     transition number before the count: what moved since was not counted
-- ask.counts  number of each field
-- ask.mend    whether to write them
--
-- Returns  the fields that differed; none where something moved meanwhile

local ready = ask.campaign == ''
local camp = ready and P .. 'ready' or P .. 'camp:' .. ask.campaign
if SEQ ~= ask.seq or (not ready and redis.call('TYPE', camp).ok ~= 'hash') then
  return {}
end
local counted, reply = ask.counts, {}
local EXACT = {['n:scheduled'] = true, ['n:ready'] = true, ['n:dialing'] = true, ['n:unconfirmed'] = true}
local words, known = redis.call('HGETALL', camp), {}
for i = 1, #words, 2 do
  known[words[i]] = words[i + 1]
  if (ready or string.find(words[i], '^[nq]:')) and not counted[words[i]] then
    counted[words[i]] = 0
  end
end
for field, number in pairs(counted) do
  local book = tonumber(known[field] or '0')
  local exact = ready or EXACT[field] or string.sub(field, 1, 2) == 'q:'
  if not book or book < number or (exact and book > number) then
    reply[#reply + 1] = field
    if ask.mend then
      redis.call('HSET', camp, field, us(number))
    end
  end
end
return reply
