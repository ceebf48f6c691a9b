#!lua
-- uses: accept
-- Accept jobs: create each one, or say why not. Refused when Redis is full.
--
-- ask.who   hands them in, for the record
-- ask.jobs  as accept.lua describes them
--
-- Returns   one of these a job: created, duplicate, conflict:<state>, late

local answers = {}
for i, job in ipairs(ask.jobs) do
  answers[i] = accept(job, ask.who)
end
announce_accepted()
return answers
