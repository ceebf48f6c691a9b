#!lua flags=allow-oom
-- Look for damage, and mend what the records say: one page of the keys, or of the members
-- of one index. The records are the truth; an index that differs is what is wrong.
--
-- ask.mode    keys, members or notes
-- ask.cursor  "0" to begin
-- ask.most    to look at
-- ask.mend    whether to mend
-- ask.index   whose members
-- ask.types   of keys, by what stands before their first ":" or their whole name
--
-- Returns  {next cursor or 0, rows of words between tabs}:
--          bad, name, why, 1 if it was mended · more, index · count, campaign, field, number

local mode, cursor, mend = ask.mode, ask.cursor, ask.mend
local DAY = 86400000000
local STEERED = {draft = true, running = true, paused = true, cancelled = true}
local reply, counts, budget = {'0'}, {}, BOUND

local function bad(name, why, mended)
  if not mended and mend then
    note_damage(name, why)
  end
  reply[#reply + 1] = table.concat({'bad', name, (string.gsub(why, '%c', ' ')), mended and '1' or '0'}, '\t')
end

-- What a record says is not so in an index; `make` makes it so.
local function differs(name, why, make, ...)
  if mend then
    make(...)
  end
  bad(name, why, mend)
end

local function add(command, key, ...)
  redis.call(command, P .. key, ...)
end

local function count(campaign, field, by)
  local key = campaign .. '\t' .. field
  counts[key] = (counts[key] or 0) + by
end

local function number(value)
  return tonumber(value or '')
end

-- Rings, live calls and busy agents of an attempt that may have rung a phone.
local function look_at_call(id, job, name)
  local start, lead = number(job.start_us), number(job.lead_us)
  if not start or not (job.state == 'dialing' or job.state == 'placed' or job.state == 'unconfirmed') then
    return
  end
  local attempt = id .. '.' .. job.attempt
  local next_ring = string.gmatch(job.rings or '', '%d+')
  for one in each_number(job.protected) do
    local rings = tonumber(next_ring() or '1')
    if start > now - DAY and rings > 0 and not redis.call('ZSCORE', P .. 'rung:' .. one, attempt .. '.1') then
      differs(name, 'its rings are not remembered', function()
        for nth = 1, rings do
          add('ZADD', 'rung:' .. one, us(start + lead), attempt .. '.' .. nth)
        end
        add('PEXPIRE', 'rung:' .. one, KEEP)
      end)
    end
  end
  local talk = number(job.talk_us)
  local over = start + number(job.ring_us) + (talk > 0 and talk or 300000000)
  if start + number(job.ring_us) + talk > now and not redis.call('ZSCORE', P .. 'live:' .. job.account, attempt) then
    differs(name, 'its call is not among those that may be going on', function()
      add('ZADD', 'live:' .. job.account, us(over), attempt)
      local campaign = lane_campaign(job.lane)
      if campaign then
        add('ZADD', 'live:' .. job.account .. '/' .. campaign, us(over), attempt)
      end
      for _, one in ipairs(crew_of(lane_pool(job.lane))) do
        add('ZADD', 'busy:' .. job.account .. '/' .. one, us(over), attempt)
      end
    end)
  end
end

local function look_at_lane(id, job, name)
  if not redis.call('ZSCORE', P .. 'lane:' .. job.lane, id) then
    differs(name, 'it is not in its lane', into_lane, job.lane, id, job.rank)
  end
  if not redis.call('ZSCORE', awake_key(job.lane), job.lane) and not redis.call('ZSCORE', P .. 'asleep', job.lane) then
    differs(name, 'its lane is neither awake nor asleep', refresh_lane, job.lane)
  end
end

local function look_at_posting(id, job, name, whose)
  if not redis.call('ZSCORE', P .. 'posting:' .. whose, id) then
    differs(name, 'it is on the wire and has no place there', add, 'ZADD', 'posting:' .. whose,
      us(now + 600000000), id)
  end
end

local function index_score(job, id)
  if job.state == 'scheduled' then
    return us(number(job.due_us) or now)
  elseif job.state == 'dialing' then
    -- Its lease: when that was over is known where it has its place on the wire.
    return redis.call('ZSCORE', P .. 'posting:' .. job.account, id) or us(now + 600000000)
  end
  return us(number(job.entered_us) or now)
end

local function take_from_indexes(id)
  for state in pairs(STATES) do
    if state ~= 'ready' and redis.call('ZSCORE', P .. 'in:' .. state, id) then
      set_aside(id, state, unusable(id))
    end
  end
end

-- Fields of a hash that have to be numbers where they are there, or that have to be there.
local function look_at_numbers(name, key, fields, needed)
  local values, sound = redis.call('HMGET', key, unpack(fields)), true
  for i, field in ipairs(fields) do
    if (needed or values[i]) and not number(values[i]) then
      bad(name, field .. ' is no number', false)
      sound = false
    end
  end
  return sound
end

local function look_at_job(name, key)
  local id = string.sub(name, 5)
  local damage = unusable(id)
  if damage then
    if damage == 'missing' then
      -- A tombstone, which is forgotten by this; older ones have a time to live.
      look_at_numbers(name, key, {'gone_us'})
    else
      bad(name, damage, false)
      if mend then
        take_from_indexes(id)
      end
    end
    return
  end
  local job = record_of(id)
  local campaign = lane_campaign(job.lane)
  local waits = job.state == 'scheduled' or job.state == 'ready'
  if job.state ~= 'ready' and not redis.call('ZSCORE', P .. 'in:' .. job.state, id) then
    differs(name, 'it is not among those that are ' .. job.state, add, 'ZADD', 'in:' .. job.state,
      index_score(job, id), id)
  end
  each_bucket(job.protected, function(bucket, digits)
    if redis.call('HGET', bucket, id) ~= digits then
      differs(name, 'it is not known by its number', redis.call, 'HSET', bucket, id, digits)
    end
  end)
  if redis.call('SISMEMBER', P .. 'accounts', job.account) == 0 then
    differs('accounts', job.account .. ' is missing', add, 'SADD', 'accounts', job.account)
  end
  if job.state == 'ready' then
    count('', job.account, 1)
    look_at_lane(id, job, name)
  elseif job.state == 'dialing' then
    look_at_posting(id, job, name, job.account)
    if campaign then
      look_at_posting(id, job, name, job.account .. '/' .. campaign)
    end
  end
  look_at_call(id, job, name)
  if campaign then
    if waits and redis.call('SISMEMBER', P .. 'open:' .. campaign, id) == 0 then
      differs(name, 'it is not among the open ones of its campaign', add, 'SADD', 'open:' .. campaign, id)
    end
    local camp = server.pcall('HMGET', P .. 'camp:' .. campaign, 'version', 'renewed', 'called')
    if waits and camp[1] and camp[1] ~= job.version and camp[2] == camp[1] .. '/' .. (camp[3] or '0') then
      differs(name, 'another definition made it, and the feeder does not know', call_feeder, campaign)
    end
    if redis.call('EXISTS', P .. 'camp:' .. campaign) == 0 then
      bad('camp:' .. campaign, 'it has jobs and no record', false)
    end
    count(campaign, 'n:' .. job.state, 1)
    count(campaign, 'q:' .. lane_calendar(job.lane), waits and 1 or 0)
  end
end

local function look_at_campaign(name, key)
  local campaign = string.sub(name, 6)
  local camp = redis.call('HMGET', key, 'state', 'account', 'definition', 'ends_us', 'rows', 'fed',
    'n:dialing', 'created_us')
  local sound = look_at_numbers(name, key, {'ends_us', 'starts_us', 'rows', 'fed', 'version', 'weight',
    'interval_us', 'max_posting', 'max_live', 'created_us', 'changed_us'}, true)
  look_at_numbers(name, key, {'called', 'tat_us', 'turn'})
  local read = apart(name, cjson.decode, camp[3] or '')
  if not read or not camp[2] or not STEERED[camp[1] or ''] then
    bad(name, 'its state, account or definition cannot be read', false)
    return
  end
  if not redis.call('ZSCORE', P .. 'campaigns', campaign) then
    differs(name, 'it is not among the campaigns', add, 'ZADD', 'campaigns', camp[8] or us(now), campaign)
  end
  for _, field in ipairs({'n:scheduled', 'n:ready', 'n:dialing', 'n:unconfirmed'}) do
    count(campaign, field, 0)
  end
  if not sound or camp[1] ~= 'running' or number(camp[4]) <= now then
    return
  end
  local work = number(camp[5]) > number(camp[6]) or redis.call('EXISTS', P .. 'open:' .. campaign) == 1
  local looked = redis.call('ZSCORE', P .. 'feeding', campaign)
  for _, n in ipairs(redis.call('HVALS', P .. 'zones:' .. campaign)) do
    if work and looked and number(looked) > now and redis.call('EXISTS', P .. 'cal:' .. campaign .. '/' .. n) == 0 then
      differs('cal:' .. campaign .. '/' .. n, 'the hours of its contacts are gone, so they are closed', add,
        'ZADD', 'feeding', us(now), campaign)
      looked = nil
    end
  end
  if work and not looked and not redis.call('ZSCORE', P .. 'feeding', campaign) then
    differs(name, 'the feeder does not look after it', add, 'ZADD', 'feeding', us(now), campaign)
  end
  if redis.call('EXISTS', P .. 'awake:' .. camp[2] .. '/' .. campaign) == 1 and (number(camp[7]) or 0) < 1
    and not redis.call('ZSCORE', P .. 'camps:' .. camp[2], campaign)
    and not redis.call('ZSCORE', P .. 'resting:' .. camp[2], campaign)
    and not is_held('campaign:' .. campaign) then
    differs(name, 'it has work and never has its turn', enter, camp[2], campaign)
  end
end

local function look_at_hold(name, key)
  local scope = string.sub(name, 6)
  for i, value in ipairs(redis.call('HVALS', key)) do
    if i <= BOUND and not apart(name, cjson.decode, value) then
      bad(name, 'a hold cannot be read; it holds all the same', false)
    end
  end
  if redis.call('SISMEMBER', P .. 'holds', scope) == 0 then
    differs(name, 'it is not among the holds', add, 'SADD', 'holds', scope)
  end
end

local function look_at_list(name, key)
  local listed, there = number(redis.call('HGET', P .. 'suppressed', name)) or 0, redis.call('HLEN', key)
  if there < listed then
    differs(name, us(listed - there) .. ' numbers are gone from this do-not-call list: put them on it again',
      add, 'HSET', 'suppressed', name, there)
  end
end

-- What the clock and the memory are judged by: a number that is none begins anew.
local function look_at_era(name, key)
  local id = redis.call('HGET', key, 'id')
  if id and not string.find(id, '^' .. string.rep('[0-9a-f]', 16) .. '$') then
    bad(name, 'its id is none: dialer recover', false)
  end
  for _, field in ipairs({'most_us', 'woke_us', 'steps', 'step_us', 'step_by', 'gained_us', 'ahead_by', 'heal_us', 'ahead_us',
    'lost_us', 'copy_us'}) do
    local value = redis.call('HGET', key, field)
    if value and not number(value) then
      differs(name, field .. ' is no number', add, 'HDEL', name, field)
    end
  end
end

local function look_at_text(name, key, pattern, drop)
  if not string.find(redis.call('GET', key), pattern) then
    if drop and mend then
      redis.call('DEL', key)
    end
    bad(name, 'its value cannot be read', drop and mend)
  end
end

local CLOSE = {meter = {'tat_us', 'interval_us', 'burst', 'turn', 'direct'},
  account = {'calls_per_second', 'burst', 'max_posting', 'max_live_calls', 'cut_us', 'cut_to'},
  breaker = {'row', 'open_us', 'wait_us', 'probe_us'}, pool = {'until_us', 'misses', 'since_us'}}

local LOOKS = {
  ['job:'] = look_at_job, ['camp:'] = look_at_campaign, ['hold:'] = look_at_hold, ['dnc:'] = look_at_list,
  ['seq'] = function(name, key) look_at_text(name, key, '^%d+$') end,
  ['era'] = look_at_era,
  ['leaving'] = function(name, key) look_at_text(name, key, '^%d+$', true) end,
  ['longest'] = function(name, key) look_at_text(name, key, '^%d+$', true) end,
  ['tick'] = function(name, key) look_at_text(name, key, '^%d+$', true) end,
  ['bell'] = function(name, key) look_at_text(name, key, '^%d+$', true) end,
  ['redrive:'] = function(name, key) look_at_text(name, key, '^%d+$', true) end,
  ['cal:'] = function(name, key) look_at_text(name, key, '^[%d,-]*$', true) end,
}
for head, fields in pairs(CLOSE) do
  LOOKS[head .. ':'] = function(name, key) look_at_numbers(name, key, fields) end
end

-- Is a member of an index there rightly?
local function a_campaign(_, one)
  return redis.call('EXISTS', P .. 'camp:' .. one) == 1
end
local function a_lane(name, one)
  return lane_pool(one)
    and (name == 'asleep' or awake_key(one) == P .. name and redis.call('EXISTS', P .. 'lane:' .. one) == 1)
end
local BELONGS = {
  ['in:'] = function(name, id) return state_of(id) == string.sub(name, 4) end,
  ['lane:'] = function(name, id)
    return state_of(id) == 'ready' and (record_of(id) or {}).lane == string.sub(name, 6)
  end,
  ['open:'] = function(_, id) return state_of(id) == 'ready' or state_of(id) == 'scheduled' end,
  ['posting:'] = function(_, id) return state_of(id) == 'dialing' end,
  ['of:'] = function(_, id) return state_of(id) ~= nil end,
  ['awake:'] = a_lane, ['asleep'] = a_lane,
  ['camps:'] = a_campaign, ['resting:'] = a_campaign, ['feeding'] = a_campaign, ['campaigns'] = a_campaign,
  ['accounts'] = function(_, one) return string.match(one, '^[a-z0-9_]+$') end,
  ['holds'] = function(_, scope) return redis.call('EXISTS', P .. 'hold:' .. scope) == 1 end,
}

local function take_out(command, name, one)
  local head = head_of(name)
  redis.call(command, P .. name, one)
  if head == 'lane:' then
    if unusable(one) then
      set_aside(one, 'ready', unusable(one))
    end
    refresh_lane(string.sub(name, 6))
  elseif head == 'in:' and unusable(one) then
    set_aside(one, string.sub(name, 4), unusable(one))
  end
end

local WAYS = {
  set = {scan = 'SSCAN', step = 1, out = 'SREM', size = 'SCARD'},
  zset = {scan = 'ZSCAN', step = 2, out = 'ZREM', size = 'ZCARD'},
  hash = {scan = 'HSCAN', step = 2, out = 'HDEL', size = 'HLEN'},
}

local function look_at_members(name, from)
  local ways = WAYS[redis.call('TYPE', P .. name).ok] or WAYS.zset
  local page = redis.call(ways.scan, P .. name, from, 'COUNT', 100)
  for i = 1, #page[2], ways.step do
    local one = page[2][i]
    if not BELONGS[head_of(name)](name, one) then
      if name == 'holds' then
        -- A stop is never taken off because its record is gone.
        bad(name, 'the record of the hold on ' .. one .. ' is gone', false)
      else
        differs(name, one .. ' does not belong there', take_out, ways.out, name, one)
      end
    end
  end
  budget = budget - #page[2]
  return page[1]
end

-- What is known to have been there, and is not.
local function look_for_the_lost()
  if redis.call('EXISTS', P .. 'seq') == 0 and redis.call('EXISTS', P .. 'accounts') == 1 then
    bad('seq', 'it is gone: dialer recover', false)
  end
  for _, name in ipairs(redis.call('HKEYS', P .. 'suppressed')) do
    if redis.call('EXISTS', P .. name) == 0 then
      look_at_list(name, P .. name)
    end
  end
end

-- What the records say too, though no step but this one may go by them.
local REBUILT = {['posting:'] = true, ['live:'] = true, ['busy:'] = true, ['rung:'] = true, ['leaving'] = true}

local function look_at_key(key, types)
  local name = string.sub(key, #P + 1)
  local head = head_of(name)
  local kind, wanted = redis.call('TYPE', key).ok, types[head]
  if not wanted or kind == 'none' then
    return
  elseif kind ~= wanted then
    local mended = mend and (is_spare(head) or REBUILT[head])
    if mended then
      redis.call('RENAME', key, P .. 'damaged:' .. name)
    end
    bad(name, 'it is a ' .. kind .. ' and no ' .. wanted, mended)
    if head == 'job:' and mend then
      take_from_indexes(string.sub(name, 5))
    end
  elseif BELONGS[head] then
    if budget < 0 or redis.call(WAYS[wanted].size, key) > 100 then
      reply[#reply + 1] = 'more\t' .. name
    else
      look_at_members(name, '0')
    end
  else
    local look = LOOKS[head] or name == 'dnc' and look_at_list
    if look then
      apart(name, look, name, key)
    end
  end
end

if mode == 'members' then
  reply[1] = look_at_members(ask.index, cursor)
elseif mode == 'notes' then
  -- What was met before; a repair begins a new page.
  local kind = redis.call('TYPE', P .. 'damaged').ok
  if kind ~= 'hash' and kind ~= 'none' then
    redis.call('DEL', P .. 'damaged')
    bad('damaged', 'it was a ' .. kind .. ' and no hash', true)
  end
  local page = redis.call('HSCAN', P .. 'damaged', cursor, 'COUNT', us(ask.most))
  reply[1] = page[1]
  for i = 1, #page[2], 2 do
    if mend then
      redis.call('HDEL', P .. 'damaged', page[2][i])
      redis.call('DEL', P .. 'damaged:' .. page[2][i])
    end
    reply[#reply + 1] = table.concat({'bad', page[2][i], string.match(page[2][i + 1], '^%d+ (.*)$') or '', mend and '1' or '0'}, '\t')
  end
else
  if cursor == '0' then
    look_for_the_lost()
  end
  local page = redis.call('SCAN', cursor, 'MATCH', string.gsub(P, '[%[%]*?\\]', '\\%0') .. '*', 'COUNT', us(ask.most))
  reply[1] = page[1]
  for _, key in ipairs(page[2]) do
    look_at_key(key, ask.types)
  end
end
for key, value in pairs(counts) do
  reply[#reply + 1] = 'count\t' .. key .. '\t' .. us(value)
end
return reply
