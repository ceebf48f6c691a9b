#!lua flags=no-writes
-- uses: customer
-- Ask for contacts that are no jobs yet from when they may be rung, as far as
-- do-not-call lists, gap and caps go.
--
-- ask.account
-- ask.customer, ask.caps  its rules, and further caps of the campaign (customer.lua)
-- ask.contacts            numbers "number,number" and rings "rings,rings" of each
--
-- Returns   two words a contact: us, now or later, or "never"; and the rule that waits:
--           do_not_call, cap, gap, "" for none

local rules = customer_rules(ask.customer, ask.caps)
local reply = {}

for _, contact in ipairs(ask.contacts) do
  local at, why = customer_allows(contact.numbers, contact.rings, now, rules)
  if on_do_not_call(ask.account, contact.numbers) then
    at, why = nil, 'do_not_call'
  end
  reply[#reply + 1] = at and us(at) or 'never'
  reply[#reply + 1] = why or ''
end
return reply
