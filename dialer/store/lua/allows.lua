#!lua flags=no-writes
-- uses: customer
-- Ask from when a job's customers may be rung, as far as gap and caps go.
--
-- ask.job       its id
-- ask.customer  rules (customer.lua)
--
-- Returns  {us, rule}: now or later, and the rule that waits ("" for none);
--          {"never", "cap"} when a cap leaves no room at all

local job = record_of(ask.job) or {}
local campaign = job.lane and lane_campaign(job.lane)
local caps = campaign and redis.call('HGET', P .. 'camp:' .. campaign, 'caps')
local at, why =
  customer_allows(job.protected or '', job.rings or '', now, customer_rules(ask.customer, caps or ''))
return {at and us(at) or 'never', why or ''}
