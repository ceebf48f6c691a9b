#!lua flags=no-writes
-- Ask for contacts that are no jobs yet from when they may be rung, as far as
-- do-not-call lists, gap and caps go.
--
-- KEYS[1]   prefix
-- ARGV[1]   account   ARGV[2] customer rules   ARGV[3] caps of the campaign (customer.lua)
-- ARGV[4..] numbers "number,number" and rings "rings,rings" of a contact, and so on
--
-- Returns   two words a contact: us, now or later, or "never"; and the rule that waits:
--           do_not_call, cap, gap, "" for none

local rules = customer_rules(ARGV[2], ARGV[3])
local reply = {}

for i = 4, #ARGV, 2 do
  local at, why = customer_allows(ARGV[i], ARGV[i + 1], now, rules)
  if on_do_not_call(ARGV[1], ARGV[i]) then
    at, why = nil, 'do_not_call'
  end
  reply[#reply + 1] = at and us(at) or 'never'
  reply[#reply + 1] = why or ''
end
return reply
