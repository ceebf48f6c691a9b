-- Loaded before the prologue by every script: one damaged thing stops one thing.
--
-- A key that was deleted, retyped or garbled by hand must not end the steps of all
-- others. A key that can be rebuilt from the records, or is only shown, is put aside
-- (damaged:<key>) and begins anew. One that decides whether a phone may ring is not:
-- there the error stands and stops its caller. `dialer doctor` names both; with
-- --repair it rebuilds.

local SPARE = '|in:|lane:|awake:|camps:|resting:|asleep|sleepers:|of:|started:|accounts|campaigns'
  .. '|cal:|unknown:|open:|steps:|feeding|pulse:|bell|bells:|wake|workers|capacity|capacity:|fleet|successor'
  .. '|tick|holdings|released|waiting:|behind:|wanting|redrive:|pool:|holds|suppressed|era|'

-- Text and no table: none is built for all the runs that meet no damage.
local function is_spare(head)
  return string.find(SPARE, '|' .. head .. '|', 1, true)
end

local server = redis
local redis = {error_reply = server.error_reply}

-- What this run has changed, a row of words each: for the log of the process that ran it.
local TOLD = {}

local function tell(...)
  TOLD[#TOLD + 1] = table.concat({...}, '\t')
end

-- "lane:default/-/-/" is "lane:", "asleep" itself.
local function head_of(name)
  return string.match(name, '^[^:]*:?')
end

local function why_of(failure)
  return tostring(type(failure) == 'table' and failure.err or failure)
end

-- Said once, however often it is met. A store that takes no such note is no worse off.
local function note_damage(name, why)
  why = string.gsub(string.sub(why, 1, 200), '%c', ' ')
  local new = server.pcall('HSETNX', KEYS[1] .. 'damaged', name,
    string.format('%.0f', server_time()) .. ' ' .. why)
  if new == 1 then
    tell('damage', 'damaged', name, why)
  end
end

local TAKES_OUT = {ZREM = true, SREM = true, HDEL = true, ZREMRANGEBYSCORE = true, LTRIM = true}

-- Run a command again after what kept it from its key was put aside.
local function without_damage(why, command, key, ...)
  local name = string.sub(key, #KEYS[1] + 1)
  if string.find(why, 'WRONGTYPE', 1, true) then
    if is_spare(head_of(name)) then
      local gone = server.pcall('RENAME', key, KEYS[1] .. 'damaged:' .. name)
      if gone.ok then
        note_damage(name, 'it was of another type')
      end
    elseif TAKES_OUT[command] then
      -- Nothing of ours is in it.
      note_damage(name, 'it is of another type')
      return 0
    end
  elseif string.find(why, 'not an integer', 1, true) then
    local field = ...
    if command == 'INCR' and is_spare(name) then
      server.call('DEL', key)
      note_damage(name, 'it was no number')
    elseif command == 'HINCRBY' and (is_spare(head_of(name)) or string.find(field, '^[nqs]:') or field == 'called') then
      server.call('HDEL', key, field)
      note_damage(name, field .. ' was no number')
    end
  end
  return server.call(command, key, ...)
end

function redis.call(command, key, ...)
  local reply = server.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    return without_damage(why_of(reply), command, key, ...)
  end
  return reply
end

local function judged(name, done, ...)
  if done then
    return true, ...
  end
  local failure = ...
  local code = string.match(why_of(failure), '^-?(%u%u+) ')
  if code and code ~= 'ERR' and code ~= 'WRONGTYPE' then
    error(failure)  -- no rights, no memory: nothing is damaged
  end
  note_damage(name, why_of(failure))
  return false
end

-- Do one step of many: damage that prevents it is named, and the others go on.
-- Returns whether it was done, and its result.
local function apart(name, step, ...)
  return judged(name, pcall(step, ...))
end

-- What a script answers when damage ends it: name, answer(). Without it the error is the answer.
local RESCUE

local function rescued(body)
  local function settled(done, ...)
    if done or not RESCUE then
      return done, ...
    end
    return judged(RESCUE.name, done, ...)
  end
  local done, reply = settled(pcall(body))
  if done then
    return reply
  elseif RESCUE then
    return RESCUE.answer()
  end
  error(reply)
end
