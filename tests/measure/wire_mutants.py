"""The guards around connections: what comes first, and what may carry another request."""

from mutant import Mutant

ADAPTER, POOL = "dialer/client/adapter.py", "dialer/client/pool.py"
CONNECTION, WIRE = "dialer/client/connection.py", "dialer/client/wire.py"
REACH, REACHES = "dialer/dialing/reach.py", "tests/unit/dialing/test_reach.py"
CLIENTS = "tests/integration/test_client.py"
CLIENT, DISPATCH = "dialer/client/client.py", "dialer/dialing/dispatch.py"
POOLS, REUSE = "tests/unit/client/test_pool.py", "tests/integration/test_reuse.py"
ANSWERS = "tests/integration/test_dispatch.py"

MUTANTS = [
    Mutant(
        "a connection is looked at directly before the first byte",
        "dialer/client/exchange.py",
        "if not stands():",
        "if False:",
        "tests/unit/client/test_exchange.py",
    ),
    Mutant("one that was closed is not handed out", POOL, "and one.stands()", "", POOLS),
    Mutant("an idle one ages", POOL, "now - one.idle_since < idle and ", "", POOLS),
    Mutant("no connection is older than a minute", POOL, " < _LONGEST_LIFE", " < 1e9", POOLS),
    Mutant("zero is never", POOL, "keep and self._reuse > 0", "keep", POOLS),
    Mutant(
        "what nobody used is opened ever more seldom",
        POOL,
        "elif now < self._ahead_at:",
        "elif False:",
        POOLS,
    ),
    Mutant("one attempt at a time", POOL, "int(missing > 0 and self._may_try())", "missing", POOLS),
    Mutant("one that never stood is trouble", POOL, "now - one.opened < _NEVER_STOOD", "0", POOLS),
    Mutant("a connection is made once", CONNECTION, "auto_open = 0", "auto_open = 1", CLIENTS),
    Mutant("a byte behind ends it", ADAPTER, " and not exchange.behind", "", REUSE),
    Mutant("an interim answer ends it", ADAPTER, "framed and not strange", "framed", REUSE),
    Mutant("only HTTP/1.1", ADAPTER, " and heard.version == _HTTP_1_1", "", REUSE),
    Mutant("only what is framed", ADAPTER, " and not heard.will_close", "", REUSE),
    Mutant("only documented answers", CLIENT, " and is_documented(answer, outcome)", "", REUSE),
    Mutant("too early is a doubt", CLIENT, "if exchange.early:", "if False:", REUSE),
    Mutant(
        "two answers are a doubt", CLIENT, "over.carried and exchange.behind.strip()", "0", REUSE
    ),
    Mutant("not got yet is too early", WIRE, "kernel.unacknowledged or ", "", REUSE),
    Mutant("sooner than a round trip", WIRE, "seconds < kernel.round_trip", "False", REUSE),
    Mutant(
        "what is gone is replaced", CLIENT, "except GoneError:", "except ZeroDivisionError:", REUSE
    ),
    Mutant("no connection, no job", DISPATCH, "if not reserved:", "if False:", ANSWERS),
    Mutant(
        "what was not sent uses no try",
        "dialer/domain/job/settle.py",
        'SettlementRow(State.READY, "take_back", False,',
        'SettlementRow(State.READY, "take_back", True,',
        "tests/unit/domain/job/test_settle.py",
    ),
    Mutant("an account that is shut has no capacity", REACH, "or pool.trouble:", ":", REACHES),
    Mutant(
        "trouble is no breaker's",
        "dialer/dialing/calling.py",
        "fault=late)",
        "fault=True)",
        ANSWERS,
    ),
]
