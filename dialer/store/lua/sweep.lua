#!lua flags=allow-oom
-- Take out jobs that wait in a campaign which was cancelled or has ended.
--
-- ask.campaign
-- ask.most      jobs to touch in this call
--
-- Returns  {jobs moved, jobs of it that still wait or are on the wire}

if distrust() then
  return {0, 1}
end
local name = ask.campaign
local camp = redis.call('HMGET', P .. 'camp:' .. name, 'state', 'changed_by', 'ends_us', 'n:dialing')
local cancelled = camp[1] == 'cancelled'
local moved = 0
if cancelled or (tonumber(camp[3] or '') or math.huge) <= now then
  local function take_out(id)
    if cancelled then
      return move('cancel', id, 'cancelled', now, camp[2] or '', 'its campaign was cancelled')
    end
    return move('skip', id, 'skipped', now, 'rule', 'its campaign has ended', 'time')
  end
  for _, id in ipairs(redis.call('SRANDMEMBER', P .. 'open:' .. name, ask.most)) do
    local done, refused = apart('job:' .. id, take_out, id)
    if not done or refused then
      -- Nothing that waits: its record is elsewhere, damaged or gone.
      redis.call('SREM', P .. 'open:' .. name, id)
    end
    moved = moved + 1
  end
end
return {moved, redis.call('SCARD', P .. 'open:' .. name) + (tonumber(camp[4] or '') or 0)}
