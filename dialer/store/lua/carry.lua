#!lua flags=allow-oom
-- Carry some keys of layout 1 over: each job in one step, with what it is known by. What was
-- carried before is left as it is.
--
-- ask.jobs    of each
--   id
--   was       its call as it was read, "" for none
--   call      the same without what is usual (dialer/store/redis/record.py)
-- ask.digest  characters of a digest that are kept
-- ask.gone    keys that this layout does not have, without the prefix
-- ask.layout  what the data has from now on, "" for no change
--
-- Returns  {jobs carried}

local carried = 0

-- What is written in another way here, or follows from the rest.
local ELSEWHERE = {log = true, reason = true, account = true, priority = true, content = true}

local function moves_of(old)
  local moves = {}
  for line in string.gmatch(old.log or '', '[^\n]+') do
    moves[#moves + 1] = line
  end
  local at, to, who, why = string.match(moves[1] or '', '^(%d+)\t\t([^\t]*)\t([^\t]*)\t(.*)$')
  return moves, at == old.created_us and why == 'accepted' and creation_of(to, who) or nil
end

local function carry_job(one)
  local key, old, found = job_key(one.id), {}, redis.call('HGETALL', job_key(one.id))
  for i = 1, #found, 2 do
    old[found[i]] = found[i + 1]
  end
  if old.was and old.digest then
    redis.call('HSET', key, LETTERS.digest, string.sub(old.digest, 1, ask.digest))
    redis.call('HDEL', key, 'digest')
    carried = carried + 1
  end
  if not old.state or (old.content or '') ~= one.was then
    return
  end
  local fields = {content = one.call}
  for field, value in pairs(old) do
    if not ELSEWHERE[field] then
      fields[field] = value
    end
  end
  if old.key == '' and not (old.lane and lane_campaign(old.lane)) then
    fields.digest = nil  -- its id is made of all that the digest is
  else
    fields.digest = string.sub(old.digest or '', 1, ask.digest)
  end
  redis.call('DEL', key)
  local moves, first = moves_of(old)
  if not first then
    -- The oldest were forgotten: the first place is that of its creation.
    WRITTEN[one.id] = {n = '1'}
  end
  put_record(one.id, fields, first or moves[1])
  for nth = 2, #moves do
    put_record(one.id, {}, moves[nth])
  end
  know_numbers(one.id, old.protected or '')
  if old.lane and redis.call('ZSCORE', P .. 'lane:' .. old.lane, one.id) then
    count_up('ready', lane_account(old.lane) or '', 1)
  end
  carried = carried + 1
end

for _, one in ipairs(ask.jobs) do
  apart('job:' .. one.id, carry_job, one)
end
for _, name in ipairs(ask.gone) do
  redis.call('DEL', P .. name)
end
if ask.layout ~= '' then
  redis.call('SET', P .. 'layout', ask.layout)
end
return {carried}
