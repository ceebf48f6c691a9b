#!lua flags=allow-oom
-- Move jobs by somebody's will: cancel or discard.
--
-- KEYS[1]   prefix
-- ARGV[1]   cancel or discard   ARGV[2] who   ARGV[3] reason
-- ARGV[4..] job ids
--
-- Returns   one word a job: "done", or the state that refused

local answers = {}
for i = 4, #ARGV do
  local refused = move(ARGV[1], ARGV[i], 'cancelled', now, ARGV[2], ARGV[3])
  answers[#answers + 1] = refused or 'done'
end
return answers
