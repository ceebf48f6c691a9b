"""The guards of stops and edits: a stop that is true, a change that is one step."""

from mutant import LUA, Mutant

EDITS = "tests/integration/test_edits.py"
SERVICES = "tests/integration/test_services_operations.py"
STOPS = "tests/integration/test_stops.py"
HELD = "tests/integration/test_held_agents.py"
RACES = "tests/integration/test_campaign_races.py"
CALLS = "tests/integration/test_cli_calls.py"
WAIT = "self._server.await_leaving()"


def lua(tests: str, promise: str, script: str, old: str, new: str) -> Mutant:
    """A guard in a script."""
    return Mutant(promise, f"{LUA}{script}.lua", old, new, tests)


MUTANTS = [
    # A change is one step.
    lua(
        EDITS,
        "nobody is rung by a withdrawn definition",
        "begin",
        "if terms.campaign and job.version ~= terms.version then",
        "if false then",
    ),
    lua(
        EDITS,
        "what comes back by an old definition is made anew",
        "lanes",
        "if campaign_over(lane) or is_behind(campaign, id) then",
        "if campaign_over(lane) then",
    ),
    lua(
        EDITS,
        "what comes back to a campaign that is over is taken out",
        "lanes",
        "if campaign_over(lane) or is_behind(campaign, id) then",
        "if is_behind(campaign, id) then",
    ),
    lua(
        EDITS,
        "what comes back while the feeder looks is seen",
        "lanes",
        "  redis.call('HINCRBY', P .. 'camp:' .. campaign, 'called', 1)\n",
        "",
    ),
    lua(
        EDITS,
        "steering changes no definition",
        "steer",
        "redis.call('HSET', camp, 'state', TO[verb],",
        "redis.call('HINCRBY', camp, 'version', 1)\nredis.call('HSET', camp, 'state', TO[verb],",
    ),
    lua(
        EDITS,
        "what is made anew is ready at once",
        "remake",
        "if job.state == 'scheduled' and why == BEHIND then",
        "if false then",
    ),
    lua(
        RACES,
        "jobs are made by the last definition",
        "remake",
        "if known ~= version then",
        "if false then",
    ),
    Mutant(
        "a round that is not whole goes on",
        "dialer/feeding/feeder.py",
        "again = again if renewed else now + self._period",
        "renewed = renewed or bool(again)",
        EDITS,
    ),
    # A stop is true when it returns.
    lua(
        STOPS,
        "a granted call is known until it has left",
        "begin",
        "if leaves > (leaving or 0) then",
        "if false then",
    ),
    lua(
        STOPS,
        "the last of the granted calls counts",
        "begin",
        "if leaves > (leaving or 0) then",
        "if true then",
    ),
    lua(
        STOPS,
        "a stop waits no longer than a call may take to leave",
        "leaving",
        "math.min(last + MARGIN - now, MOST + MARGIN)",
        "last + MARGIN - now",
    ),
    Mutant(
        "a hold is true when it returns",
        "dialer/store/holds.py",
        "if owner not in MACHINES:",
        "if False:",
        STOPS,
    ),
    Mutant(
        "no person takes the name of a machine's hold",
        "dialer/services/operations/holds.py",
        "if owner is not None and (rule := name_problem(owner)):",
        "if False and (rule := name_problem(owner)):",
        SERVICES,
    ),
    Mutant(
        "one takes off only what one has set",
        "dialer/services/operations/holds.py",
        "if hold.who == self.who)",
        ")",
        SERVICES,
    ),
    Mutant(
        "a hold that would be back at once stays",
        "dialer/services/operations/holds.py",
        "        if why:\n",
        "        if False:\n",
        SERVICES,
    ),
    Mutant(
        "no number is believed to be on the list of no account",
        "dialer/services/operations/suppression.py",
        "if account is not None:",
        "if False:",
        SERVICES,
    ),
    Mutant(
        "what the system holds waits for nothing",
        "dialer/store/holds.py",
        "if owner not in MACHINES:",
        "if True:",
        STOPS,
    ),
    Mutant(
        "pause and cancel are true when they return",
        "dialer/store/campaigns.py",
        'if verb in ("pause", "cancel"):',
        "if False:",
        STOPS,
    ),
    Mutant(
        "an edit is true when it returns",
        "dialer/store/campaigns.py",
        f'"replace", campaign, who, version)\n        {WAIT}',
        '"replace", campaign, who, version)',
        STOPS,
    ),
    Mutant(
        "do-not-call is true when it returns",
        "dialer/store/suppression.py",
        f"        {WAIT}\n",
        "",
        STOPS,
    ),
    Mutant(
        "a cancel is true when it returns",
        "dialer/store/operator.py",
        "if moved.done or moved.refused:",
        "if False:",
        STOPS,
    ),
    Mutant(
        "nobody leaves later than a second after its slot",
        "dialer/settings/sections.py",
        "if self.start_by > _UNSEEN:",
        "if False:",
        "tests/unit/settings/test_settings.py",
    ),
    # A hold holds whom it names.
    lua(
        HELD,
        "whoever rings a held agent waits",
        "begin",
        "if until_us <= at and held_agent(peers, pool) then",
        "if false then",
    ),
    lua(
        HELD,
        "whoever rings a held agent second waits",
        "begin",
        "elseif second then",
        "elseif false then",
    ),
    lua(
        HELD,
        "an agent is held in every account",
        "life",
        "  for _, account in ipairs(accounts) do\n    for _, one in ipairs(crew_of(pool)) do\n"
        "      if is_held",
        "  for _, account in ipairs({accounts[1]}) do\n"
        "    for _, one in ipairs(crew_of(pool)) do\n      if is_held",
    ),
    lua(
        HELD,
        "an agent talks in every account",
        "lanes",
        "    for _, account in ipairs(accounts) do\n      local busy",
        "    for _, account in ipairs({accounts[1]}) do\n      local busy",
    ),
    lua(
        HELD,
        "who waits for an agent is woken by every account",
        "lanes",
        "    for _, account in ipairs(accounts) do\n      local sleepers",
        "    for _, account in ipairs({accounts[1]}) do\n      local sleepers",
    ),
    lua(
        HELD,
        "an old hold still holds",
        "life",
        "if pool ~= '' and is_held(",
        "if false and is_held(",
    ),
    lua(
        HELD,
        "who rings a held agent second is woken",
        "life",
        "    wake_held(pool_account .. '/' .. pool)\n",
        "",
    ),
    Mutant(
        "a worker knows whose agents are the same",
        "dialer/dialing/dispatch.py",
        "peers=peers_of(self._routes, route),",
        "peers=[route.account],",
        HELD,
    ),
    # A default is no part of a job.
    lua(
        CALLS,
        "a line is known under another default",
        "accept",
        "for _, twin in ipairs(job.ids) do",
        "for _, twin in ipairs({job.ids[1]}) do",
    ),
    Mutant(
        "a customer that is named is part of a job",
        "dialer/domain/job/order.py",
        "[self.customer] if self.customer else get_args(Customer)",
        "get_args(Customer)",
        CALLS,
    ),
]
