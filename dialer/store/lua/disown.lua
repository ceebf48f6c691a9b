#!lua flags=allow-oom
-- uses: customer
-- Release all that was granted to an ask whose answer never came: its caller sends none of it.
-- A begin that is still on its way finds that, and grants nothing.
--
-- ask.ask
-- ask.reason
--
-- Returns  {jobs that are ready again}

local key, released = P .. 'grant:' .. ask.ask, 0
local granted = redis.call('GET', key) or ''
redis.call('SET', key, '', 'EX', 3600)
local nth = 0
for id in string.gmatch(granted, '%S+') do
  nth = nth + 1
  local sound, account = apart('job:' .. id, give_back, id, ask.ask .. '.' .. nth, ask.reason)
  released = released + (sound and account and 1 or 0)
end
return {released}
