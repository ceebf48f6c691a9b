#!lua flags=no-writes
-- uses: customer
-- Ask from when a job's customers may be rung, as far as gap and caps go.
--
-- ask.job       its id
-- ask.customer  rules (customer.lua)
--
-- Returns  {us, rule}: now or later, and the rule that waits ("" for none);
--          {"never", "cap"} when a cap leaves no room at all

local job = redis.call('HMGET', job_key(ask.job), 'protected', 'rings', 'lane')
local campaign = job[3] and lane_campaign(job[3])
local caps = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'caps')
local at, why =
  customer_allows(job[1] or '', job[2] or '', now, customer_rules(ask.customer, caps or ''))
return {at and us(at) or 'never', why or ''}
