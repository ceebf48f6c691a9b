#!lua flags=allow-oom
-- uses: breaker, customer
-- Release the leases of jobs by the process that knows it sent no byte: our own slowness.
--
-- ask.jobs     {job = its id, token = the fence of its attempt}, ...
-- ask.reason
-- ask.result   what the breaker learns, once an ask: fault or -
-- ask.breaker  when faults stop an account (breaker.lua)
--
-- Returns  for each "released", or "fenced" when it is no longer that attempt's

local reply = {}
for i, one in ipairs(ask.jobs) do
  local sound, account = apart('job:' .. one.job, give_back, one.job, one.token, ask.reason)
  reply[i] = sound and account and 'released' or 'fenced'
  if reply[i] == 'released' then
    apart('breaker:' .. account, tell_breaker, account, one.token, ask.result, ask.breaker,
      ask.reason, true)
  end
end
return reply
