"""The guards of campaigns: each line keeps a promise, and `make mutants` takes it away."""

from mutant import LUA, Mutant

CAMPAIGNS = "tests/integration/test_campaigns.py"
RACES = "tests/integration/test_campaign_races.py"
PREFLIGHT = "tests/integration/test_preflight.py"
EDITS = "tests/integration/test_cli_corrections.py"
PROGRAM = "tests/integration/test_python_face.py"
COMMANDS = "tests/integration/test_cli_campaigns.py"
BEGIN = LUA + "begin.lua"
SERVICE = "dialer/services/campaigns/__init__.py"
DEFINITION = "dialer/services/campaigns/definition.py"


def lua(promise: str, script: str, old: str, new: str, tests: str = CAMPAIGNS) -> Mutant:
    """A guard in a script."""
    return Mutant(promise, f"{LUA}{script}.lua", old, new, tests)


MUTANTS = [
    lua(
        "only a running campaign rings",
        "begin",
        "runs = read[1] == 'running' and not is_held",
        "runs = not is_held",
    ),
    lua(
        "a hold on a campaign stops it",
        "begin",
        " and not is_held('campaign:' .. name), per_agent",
        ", per_agent",
    ),
    lua(
        "a campaign has its own rate",
        "begin",
        "math.max(slot, camp.tat)",
        "slot",
    ),
    lua(
        "a slow campaign takes no slot from others",
        "begin",
        "elseif at > slot and not early then",
        "elseif false then",
        "tests/integration/test_own_rates.py",
    ),
    lua("nobody before the start", "begin", "if camp.starts > at then", "if false then"),
    lua(
        "nobody after the end",
        "begin",
        "elseif camp.ends <= at + LATE then",
        "elseif false then",
    ),
    lua(
        "a campaign's requests are bounded",
        "begin",
        "if camp.most_posting > 0 and camp.posting",
        "if false and camp.posting",
    ),
    lua(
        "a campaign's calls are bounded",
        "begin",
        "if camp.most_live > 0 and camp.live",
        "if false and camp.live",
    ),
    lua(
        "an agent has so many calls",
        "begin",
        "elseif until_us <= at and per_agent then",
        "elseif false then",
    ),
    lua(
        "unknown hours are closed",
        "begin",
        "  if not windows then\n    put_to_sleep(lane, now + GLANCE)\n",
        "  if not windows then\n    terms.close = close\n    if true then return true end\n",
    ),
    lua(
        "a campaign keeps its hours",
        "begin",
        "  if not closes then\n",
        "  closes = closes or close\n  if false then\n",
    ),
    lua(
        "the earlier close counts",
        "begin",
        "terms.close = math.min(close, closes)",
        "terms.close = close",
    ),
    lua("direct calls leave a tenth", "begin", ">= DIRECT_IN_ROW", ">= 10 * DIRECT_IN_ROW"),
    lua("campaigns share by weight", "begin", "1000000 / camp.weight", "1000000"),
    lua("a turn missed is lost", "lanes", "us(math.max(turn, own))", "us(own)"),
    lua(
        "a campaign's caps count",
        "begin",
        "customer_rules(ask.customer, read[8])",
        "customer_rules(ask.customer)",
    ),
    lua(
        "the longest period is kept",
        "customer",
        "'-inf', us(now - longest))",
        "'-inf', us(now - rules.longest))",
    ),
    lua("feeding checks the state", "feed", "if known[1] ~= 'running' then", "if false then"),
    lua(
        "feeding checks the cursor",
        "feed",
        "if (known[2] or '0:0') ~= ask.cursor then",
        "if false then",
    ),
    lua("a customer is in a list once", "append", "if #reply > 1 then", "if false then"),
    lua(
        "a cancelled list grows no more",
        "append",
        "if not state or state == 'cancelled' then",
        "if not state then",
    ),
    lua("old hours are not written", "hours", "~= ask.version then", "== 'never' then"),
    lua(
        "an edit closes until hours are known",
        "define",
        "redis.call('DEL', P .. 'cal:' .. name .. '/' .. n)",
        "",
    ),
    lua("cancelled for good: redrive", "redrive", "campaign_over(job.lane) and", "false and"),
    lua(
        "cancelled for good: again", "resolve", "and campaign_over(job.lane) then", "and false then"
    ),
    lua("cancel takes out what waits", "sweep", "if cancelled or (tonumber", "if (tonumber"),
    lua("the same fault three times stops", "settle", ">= 3 then", ">= 300 then"),
    lua("another fault begins anew", "settle", "'fault', fault, 'faults', 0)", "'fault', fault)"),
    lua(
        "what rang nobody frees the agent",
        "lanes",
        "  if freed > 0 then",
        "  if false then",
    ),
    lua(
        "an edit is not put off",
        "again",
        "if (known[i] or field == 'called' and '0') ~= ask.seen[field] then",
        "if false then",
    ),
    Mutant(
        "one campaign keeps no other from being fed",
        "dialer/feeding/feeder.py",
        "except Exception as error:",
        "except ZeroDivisionError as error:",
        RACES,
    ),
    lua(
        "jobs are made from the latest definition",
        "feed",
        "if known[5] ~= ask.version then",
        "if false then",
        RACES,
    ),
    lua(
        "the second of two edits is refused",
        "define",
        "and known[4] ~= ask.version then",
        "and false then",
        RACES,
    ),
    lua(
        "what is on the wire is not made anew",
        "remake",
        "if job and MAY[job.state] then",
        "if job then",
        RACES,
    ),
    lua(
        "a list that is rung is not forgotten",
        "forget",
        "if over + ask.after_us > now then",
        "if false then",
        RACES,
    ),
    lua("what was forgotten stays so", "append", "if known[4] then", "if false then", RACES),
    lua(
        "preflight knows do-not-call",
        "allow_contacts",
        "if on_do_not_call(ask.account, contact.numbers) then",
        "if false then",
        PREFLIGHT,
    ),
    Mutant(
        "two edits at once both hold", SERVICE, "version=progress.version", "version=None", EDITS
    ),
    Mutant(
        "a record keeps nobody's number",
        SERVICE,
        'reason=mask(reason or "")',
        "reason=reason",
        PROGRAM,
    ),
    Mutant(
        "what is unsafe gets no more work",
        SERVICE,
        "self.store.check_durability()",
        "pass",
        PROGRAM,
    ),
    Mutant(
        "what contacts were read by is fixed",
        DEFINITION,
        "if rows and changed:",
        "if False:",
        COMMANDS,
    ),
    Mutant(
        "what could not be read is refused",
        DEFINITION,
        "found = list(unread)",
        "found = []",
        COMMANDS,
    ),
]
