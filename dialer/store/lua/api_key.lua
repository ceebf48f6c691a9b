#!lua
-- Create or revoke a key of the HTTP service; one that has not been valid for long is forgotten.
--
-- ask.verb     create or revoke; to revoke, only the prefix counts
-- ask.prefix   the key's
-- ask.record   the record, JSON, with name, expires_us ("" for never), revoked_us ("")
-- ask.name     the record's; no other valid key may have it
-- ask.keep_us  how long a key is remembered that is not valid any more
--
-- Returns  {created, taken, known (revoke: it was so already), revoked or missing}

local book = P .. 'apikeys'

local function ended(record)
  local revoked, expires = tonumber(record.revoked_us), tonumber(record.expires_us)
  return revoked or (expires and expires <= now and expires) or nil
end

if ask.verb == 'revoke' then
  local text = redis.call('HGET', book, ask.prefix)
  if not text then
    return {'missing'}
  end
  local record = cjson.decode(text)
  if record.revoked_us ~= '' then
    return {'known'}
  end
  record.revoked_us = us(now)
  redis.call('HSET', book, ask.prefix, cjson.encode(record))
  return {'revoked'}
end

local all = redis.call('HGETALL', book)
for i = 1, #all, 2 do
  local sound, record = pcall(cjson.decode, all[i + 1])
  if sound then
    local over = ended(record)
    if not over and record.name == ask.name then
      return {'taken'}
    elseif over and over < now - ask.keep_us then
      redis.call('HDEL', book, all[i])
      redis.call('HDEL', P .. 'apikeys_used', all[i])
    end
  end
end
redis.call('HSET', book, ask.prefix, ask.record)
return {'created'}
