"""The guards of batches: what one ask grants, and what one step writes down, each by itself."""

from mutant import LUA, Mutant

BATCHES = "tests/integration/test_batches.py"
DISPATCH = "tests/integration/test_dispatch.py"
BEGIN = LUA + "begin.lua"


def granted(promise: str, old: str, new: str) -> Mutant:
    """A guard in the script that grants."""
    return Mutant(promise, BEGIN, old, new, BATCHES)


MUTANTS = [
    granted(
        "each of a batch has its own fence", "ask.ask .. '.' .. (#jobs + 1)", "ask.ask .. '.1'"
    ),
    granted("a probe is one call", "wanted = probing and 1 or wanted", ""),
    granted(
        "a batch fills the places it takes",
        "tat, room = math.max(tat, slot) + limits.interval, room - 1",
        "tat = math.max(tat, slot) + limits.interval",
    ),
    granted(
        "a batch fills the places of a campaign",
        "camp.posting, camp.live = camp.posting + 1, camp.live + 1",
        "",
    ),
    granted(
        "a campaign's own rate holds within a batch",
        "camp.tat, camp.charged = slot + camp.own, true",
        "camp.charged = true",
    ),
    granted("campaigns have a tenth of a batch", "direct = direct + 1", "direct = direct"),
    granted("what is left of a doorbell is no loss", "if #jobs < stands_for then", "if false then"),
    granted(
        "a lost answer of many is repeated",
        "for id in string.gmatch(before",
        "for id in string.gmatch(''",
    ),
    Mutant(
        "what was disowned is granted to nobody later",
        LUA + "disown.lua",
        "redis.call('SET', key, '', 'EX', 3600)",
        "",
        BATCHES,
    ),
    Mutant(
        "one pause of a batch is one fault",
        LUA + "breaker.lua",
        "if at_once and fault and (heard",
        "if false and (heard",
        BATCHES,
    ),
    Mutant(
        "each of many moves is counted",
        LUA + "prologue.lua",
        "'INCRBY', P .. 'seq', transitions)",
        "'INCRBY', P .. 'seq', 1)",
        BATCHES,
    ),
    Mutant(
        "an outcome costs the others nothing",
        LUA + "settle.lua",
        "local sound, answer = apart('job:' .. ended.job, settle, ended)",
        "local sound, answer = true, settle(ended)",
        BATCHES,
    ),
    Mutant(
        "what was granted before a refusal of the account is not sent",
        "dialer/dialing/calling.py",
        "may_go=lambda: self._refused.get(granted.route.account, asked) <= asked",
        "may_go=lambda: True",
        DISPATCH,
    ),
    Mutant(
        "connections that no job needs are given back",
        "dialer/dialing/dispatch.py",
        "self._client.give_back(endpoint, reserved)",
        "pass",
        DISPATCH,
    ),
    Mutant(
        "an error of ours costs one outcome of many",
        "dialer/dialing/settling.py",
        "if len(batch) > 1:",
        "if False:",
        "tests/unit/dialing/test_settling.py",
    ),
]
