#!lua
-- Accept jobs: create each one, or say why not. Refused when Redis is full.
--
-- KEYS[1]   prefix
-- ARGV[1]   who hands them in, for the record
-- ARGV[2..] twelve values a job (accept.lua)
--
-- Returns   one of these a job: created, duplicate, conflict:<state>, late

local answers = {}
for i = 2, #ARGV, FIELDS do
  answers[#answers + 1] = accept(i, ARGV[1])
end
announce_accepted()
return answers
