#!lua flags=no-writes,allow-oom
-- Say how much of a campaign's own limits is used, and of its agents.
--
-- ask.campaign, ask.account
-- ask.pool   whom a job rings first, the last part of its lane; "" to leave agents out
-- ask.peers  the accounts that share its user id: their agents are the same people
--
-- Returns  {when its own rate allows the next call or 0, on the wire, at most, calls going on,
--          at most, when the first of them is over or 0, calls its agents may have going on,
--          when each of those they have is over ...}; {} where its record cannot be read

local camp = 'camp:' .. ask.campaign
RESCUE = {name = camp, answer = function() return {} end}

local known = redis.call('HMGET', P .. camp, 'tat_us', 'interval_us', 'max_posting', 'max_live', 'per_agent')
local own, later = ask.account .. '/' .. ask.campaign, '(' .. us(now)
local paced = known[2] and known[2] ~= '0'
local live = P .. 'live:' .. own
local first = redis.call('ZRANGEBYSCORE', live, later, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local reply = {us(paced and tonumber(known[1] or 0) or 0),
  redis.call('ZCARD', P .. 'posting:' .. own), us(tonumber(known[3] or 0)),
  redis.call('ZCOUNT', live, later, '+inf'), us(tonumber(known[4] or 0)),
  us(tonumber(first[2] or 0)), us(crew_limit(ask.pool, known[5] or ''))}

-- One of "7 or 8" may be with either: it is one call.
local calls = {}
for _, one in ipairs(crew_of(ask.pool)) do
  for _, peer in ipairs(ask.peers) do
    local found = redis.call('ZRANGEBYSCORE', P .. 'busy:' .. peer .. '/' .. one, later, '+inf', 'WITHSCORES')
    for i = 1, #found, 2 do
      calls[found[i]] = found[i + 1]
    end
  end
end
for _, over in pairs(calls) do
  reply[#reply + 1] = us(tonumber(over))
end
return reply
