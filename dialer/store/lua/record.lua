-- Loaded after the prologue by every script: the record of a job, as it is written.
--
-- What a record usually says is not written down, a field that each of them has is one letter,
-- and no value is longer than 64 bytes: a longer one goes on in <field>.1, <field>.2, ..., so that
-- Redis keeps the record packed. All scripts read and write records by their full names, through
-- here; so does Python, through dialer/store/redis/record.py. What is usual never changes in a
-- layout: it is what jobs were accepted with.

local LETTERS = {state = 's', lane = 'l', mode = 'm', content = 'c', protected = 'p', rank = 'r',
  created_us = 't', digest = 'd', key = 'k', not_after_us = 'a', due_us = 'u', ring_us = 'g',
  lead_us = 'h', version = 'v'}
local NAMES = {}
for name, letter in pairs(LETTERS) do
  NAMES[letter] = name
end
local USUAL = {mode = 'live', customer = 'to', rings = '1', also = '', key = '', lead_us = '30000000',
  ring_us = '50000000', due_us = '0', tries = '0', misses = '0', attempt = '0',
  token = '', settled = '', code = '', call_id = ''}
-- Letters of a call's legs.
local LEGS = {from = 'f', to = 't'}
local PIECE, EVENTS = 64, 32

-- What follows from other fields, unless it is written down: account and priority never are.
local FOLLOWS = {
  account = function(job) return lane_account(job.lane or '') end,
  priority = function(job) return us(9 - math.floor(job.rank / 100000000000000)) end,
  protected = function(job)
    -- Of the leg that the rules protect; no quote stands unescaped in a text of JSON.
    local leg, call = '"' .. (LEGS[job.customer] or job.customer) .. '":', job.content or ''
    local numbers = string.match(call, leg .. '"([^"]*)"') or string.match(call, leg .. '%[([^%]]*)%]')
    return numbers and (string.gsub(numbers, '"', ''))
  end,
  talk_us = function(job)
    local limit = string.match(job.content or '', '"l":(%d+)')
    return limit and limit .. '000000' or '0'
  end,
  entered_us = function(job) return job.created_us end,
  not_after_us = function(job)
    local created = tonumber(job.created_us or '')
    return created and us(created + 86400000000)
  end,
}

local function usual(job, field)
  local follows = FOLLOWS[field]
  if follows then
    return follows(job)
  end
  return USUAL[field]
end

local FILLED_IN = {__index = usual}

-- The fields of a record that are numbers.
local COUNTED = {'rank', 'created_us', 'tries', 'misses', 'attempt', 'not_after_us', 'lead_us', 'ring_us', 'talk_us'}

-- Records that were read and found sound by this run, and their fields as they are written.
local RECORDS, WRITTEN = {}, {}

local function piece(field, nth)
  return nth == 0 and field or field .. '.' .. nth
end

-- A value with all that it goes on in.
local function whole(written, field)
  local value, nth = written[field], 1
  -- A character has up to four bytes, so a piece that another one follows is this long.
  local last = value
  while last and #last > PIECE - 4 do
    last = written[piece(field, nth)]
    value, nth = value .. (last or ''), nth + 1
  end
  return value
end

local function fault_of(job, written)
  if not job.state then
    return (written.was or not next(written)) and 'missing' or 'its record has no state'
  elseif not STATES[job.state] then
    return 'its record has no such state: ' .. job.state
  elseif not job.lane or not lane_pool(job.lane) or not lane_account(job.lane) then
    return 'its record has no lane'
  elseif not job.content or not job.protected then
    return 'its record has no call'
  end
  for _, field in ipairs(COUNTED) do
    if not string.match(job[field] or '', '^%-?%d+$') then
      return 'its record has no ' .. field
    end
  end
end

-- The record of a job, by its fields: read once, and kept as `put_record` leaves it.
-- Returns nil and why when it cannot be used.
local function record_of(id)
  if RECORDS[id] then
    return RECORDS[id]
  end
  local found = server.pcall('HGETALL', job_key(id))
  if found.err then
    return nil, 'its record is no hash'
  end
  local job, written = setmetatable({}, FILLED_IN), {}
  for i = 1, #found, 2 do
    written[found[i]] = found[i + 1]
  end
  for field in pairs(written) do
    job[NAMES[field] or field] = whole(written, field)
  end
  local why = fault_of(job, written)
  if why then
    return nil, why
  end
  RECORDS[id], WRITTEN[id] = job, written
  return job
end

-- Why the record of a job cannot be used; nil when it can.
local function unusable(id)
  local _, why = record_of(id)
  return why
end

-- The state of a job, whatever else its record says; nil without one.
local function state_of(id)
  local job = RECORDS[id]
  local state = job and job.state or not job and server.pcall('HGET', job_key(id), LETTERS.state)
  return type(state) == 'string' and state or nil
end

-- Where the nth of its moves is noted: the first stays, and says who made the job.
local function place_of(nth)
  return 'e' .. (nth == 0 and 0 or 1 + (nth - 1) % (EVENTS - 1))
end

-- Write a value down in pieces that no character of it is cut in two by.
-- Returns how many they are.
local function put_pieces(words, written, field, value)
  local nth = 0
  repeat
    local cut = PIECE
    while cut > 1 and string.find(string.sub(value, cut + 1, cut + 1), '[\128-\191]') do
      cut = cut - 1
    end
    local name = piece(field, nth)
    written[name] = string.sub(value, 1, cut)
    words[#words + 1], words[#words + 2] = name, written[name]
    value, nth = string.sub(value, cut + 1), nth + 1
  until value == ''
  return nth
end

-- Write fields of a record, by their full names; what is usual is taken out of it.
-- event  a move to be noted, as `event_of` or `creation_of` has it
local function put_record(id, fields, event)
  local key = job_key(id)
  local job, written = RECORDS[id] or setmetatable({}, FILLED_IN), WRITTEN[id] or {}
  local words, gone = {}, {}
  local function put(field, value)
    local nth = value and put_pieces(words, written, field, value) or 0
    -- Also what the value before had beyond that.
    while written[piece(field, nth)] do
      gone[#gone + 1], written[piece(field, nth)] = piece(field, nth), nil
      nth = nth + 1
    end
  end
  if fields.created_us and job.created_us then
    -- What followed from it stays as it was.
    fields.not_after_us = fields.not_after_us or job.not_after_us
    fields.entered_us = fields.entered_us or job.entered_us
  end
  for field, value in pairs(fields) do
    job[field] = value
  end
  for field, value in pairs(fields) do
    local follows = usual(job, field)
    put(LETTERS[field] or field, value ~= follows and value or nil)
  end
  if event then
    local moves = tonumber(written.n or '') or written.e0 and 1 or 0
    put(place_of(moves), event)
    put('n', moves > 0 and us(moves + 1) or nil)
  end
  if #words > 0 then
    redis.call('HSET', key, unpack(words))
  end
  if #gone > 0 then
    redis.call('HDEL', key, unpack(gone))
  end
  RECORDS[id], WRITTEN[id] = job, written
end

-- The creation of a job as its record keeps it; the rest follows.
local function creation_of(state, who)
  return (state == 'ready' and '' or state) .. '\t' .. who
end

-- A move as the record keeps it.
local function event_of(from, to, who, why)
  return us(now) .. '\t' .. from .. '\t' .. to .. '\t' .. who .. '\t' .. why
end

-- Why a job is in its state: the reason of the last move that changed it.
local function reason_of(id)
  local written = WRITTEN[id] or {}
  local moves = tonumber(written.n or '') or 1
  for nth = moves - 1, math.max(1, moves - EVENTS + 1), -1 do
    local from, to, why = string.match(whole(written, place_of(nth)) or '',
      '^%d+\t([^\t]*)\t([^\t]*)\t[^\t]*\t(.*)$')
    if from and from ~= to then
      return why
    end
  end
  return 'accepted'
end

-- Which jobs a number has is in of:<bucket>, by id: so many that each stays packed for millions.
local function each_bucket(numbers, step)
  local buckets = {}
  for number in string.gmatch(numbers, '[^,]+') do
    local bucket = P .. 'of:' .. us((tonumber(string.sub(number, -9)) or 0) % 16384)
    local digits = string.gsub(number, '^%+', '')
    buckets[bucket] = buckets[bucket] and buckets[bucket] .. ',' .. digits or digits
  end
  for bucket, digits in pairs(buckets) do
    step(bucket, digits)
  end
end

local function know_numbers(id, numbers)
  each_bucket(numbers, function(bucket, digits)
    redis.call('HSET', bucket, id, digits)
  end)
end

local function forget_numbers(id, numbers)
  each_bucket(numbers, function(bucket)
    redis.call('HDEL', bucket, id)
  end)
end
