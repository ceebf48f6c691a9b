#!lua flags=allow-oom
-- Move jobs by a person's will: cancel or discard.
--
-- ask.verb             cancel or discard
-- ask.who, ask.reason
-- ask.jobs             their ids
--
-- Returns   one word a job: "done", or the state that refused

local answers = {}
for i, id in ipairs(ask.jobs) do
  local sound, refused = apart('job:' .. id, move, ask.verb, id, 'cancelled', now, ask.who, ask.reason)
  answers[i] = sound and (refused or 'done') or 'damaged'
end
return answers
