"""
Take one guard away at a time, and see the tests notice.

Each mutant is one line of the code that keeps a promise, changed in a copy of
the tree. A mutant that survives its tests is a promise nobody checks. Run it
by hand (`make mutants`); it prints what survived and exits 1 if anything did.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import campaign_mutants
from mutant import LUA, Mutant

ROOT = Path(__file__).parents[2]
DISPATCH = "tests/integration/test_dispatch.py"
BELLS = "tests/integration/test_bells.py"

MUTANTS = [
    Mutant("begin repeats its answer", LUA + "begin.lua", "if granted then", "if false then"),
    Mutant(
        "begin trusts no wrong clock",
        LUA + "begin.lua",
        "if math.abs(tonumber(ARGV[4]) - now) > tonumber(ARGV[5]) then",
        "if false then",
    ),
    Mutant(
        "a rolled back server is noticed",
        LUA + "begin.lua",
        "if tonumber(ARGV[6]) > seen() then",
        "if false then",
    ),
    Mutant(
        "a hold on everything stops",
        LUA + "begin.lua",
        "if redis.call('EXISTS', P .. 'hold:all') == 1 then",
        "if false then",
    ),
    Mutant("a hold on an account stops", LUA + "begin.lua", "if #owners > 0 then", "if false then"),
    Mutant(
        "one probe at a time",
        LUA + "begin.lua",
        "if breaker[2] ~= '' or tonumber(breaker[1]) > now then",
        "if tonumber(breaker[1]) > now then",
    ),
    Mutant(
        "the meter is charged",
        LUA + "begin.lua",
        "us(math.max(tat, slot) + interval)",
        "us(math.max(tat, slot))",
    ),
    Mutant(
        "posting is limited",
        LUA + "begin.lua",
        "if redis.call('ZCARD', P .. 'posting:' .. account) >= max_posting then",
        "if false then",
    ),
    Mutant("live calls are limited", LUA + "begin.lua", "if max_live > 0 then", "if false then"),
    Mutant(
        "closed is closed",
        LUA + "begin.lua",
        "if not close then\n  return",
        "if false then\n  return",
    ),
    Mutant(
        "do-not-call is read",
        LUA + "begin.lua",
        "elseif on_do_not_call(account, job[2]) then",
        "elseif false then",
    ),
    Mutant(
        "an account's own list is read",
        LUA + "customer.lua",
        "or redis.call('HEXISTS', P .. 'dnc:' .. account, number) == 1",
        "or false",
    ),
    Mutant(
        "the deadline is checked",
        LUA + "begin.lua",
        "if terms.at + LATE >= tonumber(job[1]) then",
        "if false then",
    ),
    Mutant(
        "the last ring is before the close",
        LUA + "begin.lua",
        "elseif terms.at + LATE + tonumber(job[3]) >= terms.close then",
        "elseif false then",
    ),
    Mutant(
        "the close is exclusive",
        LUA + "begin.lua",
        "elseif terms.at + LATE + tonumber(job[3]) >= terms.close then",
        "elseif terms.at + LATE + tonumber(job[3]) > terms.close then",
    ),
    Mutant(
        "a pool sleeps",
        LUA + "begin.lua",
        "if until_us > at then",
        "if false then",
    ),
    Mutant("settle is idempotent", LUA + "settle.lua", "if job[3] == token then", "if false then"),
    Mutant(
        "settle is fenced",
        LUA + "settle.lua",
        "if job[2] ~= token or not ARROWS.settle.from[state] then",
        "if false then",
    ),
    Mutant(
        "a refusal gives the live place back",
        LUA + "settle.lua",
        "if ARGV[6] == '0' then",
        "if false then",
    ),
    Mutant("a late answer counts its try once", LUA + "settle.lua", "late and 0 or 1", "1"),
    Mutant(
        "a redrive is no second redrive", LUA + "redrive.lua", "if not refused then", "if true then"
    ),
    Mutant(
        "ringing again waits for the quarantine",
        LUA + "resolve.lua",
        "and now < over then",
        "and false then",
    ),
    Mutant(
        "a lease over is doubt, not another try",
        "dialer/job.py",
        '"expire": (frozenset({State.DIALING}), frozenset({State.UNCONFIRMED})),',
        '"expire": (frozenset({State.DIALING}), frozenset({State.READY})),',
    ),
    Mutant(
        "no move outside the table",
        LUA + "life.lua",
        "if not from or not arrow.from[from] or not arrow.to[to] then",
        "if not from then",
    ),
    Mutant(
        "a take-back is fenced",
        LUA + "take_back.lua",
        "if job[2] ~= token or job[1] ~= 'dialing' then",
        "if false then",
    ),
    Mutant(
        "a dead probe is a fault",
        LUA + "reap.lua",
        "tell_breaker(job[2], job[1], 'fault', cfg, why)",
        "",
    ),
    Mutant(
        "unconfirmed is never pruned", LUA + "prune.lua", "if not ENDS[state] then", "if false then"
    ),
    Mutant(
        "bells are not doubled", LUA + "ring.lua", "if nth > unanswered then", "if true then", BELLS
    ),
    Mutant(
        "a gone worker carries nothing",
        LUA + "ring.lua",
        "redis.call('ZREM', P .. 'capacity', gone)",
        "",
        BELLS,
    ),
    Mutant(
        "mode never goes up",
        "dialer/dispatch.py",
        'if go.mode == route.mode == "live" else',
        'if route.mode == "live" else',
        DISPATCH,
    ),
    Mutant(
        "a lost answer to begin is given back",
        "dialer/dispatch.py",
        'self._insist(lambda: self._dialling.take_back(token, "the answer to begin was lost"))',
        "pass",
        DISPATCH,
    ),
    Mutant(
        "an outcome is insisted on",
        "dialer/dispatch.py",
        "if self._monotonic() > give_up:",
        "if True:",
        DISPATCH,
    ),
    Mutant(
        "stopped in mid-request is doubt",
        "dialer/dispatch.py",
        "except BaseException as error:",
        "except ZeroDivisionError as error:",
        DISPATCH,
    ),
    Mutant(
        "several numbers suppress none",
        "dialer/refusal.py",
        'numbers[0] if len(numbers) == 1 else ""',
        "numbers[0]",
        DISPATCH,
    ),
    Mutant(
        "doubt is not retried",
        "dialer/settle.py",
        'DOUBT = Row(State.UNCONFIRMED, "doubt", True, True, Breaker.FAULT)',
        'DOUBT = Row(State.SCHEDULED, "retry", True, True, Breaker.FAULT, "provider")',
        "tests/unit/test_settle.py",
    ),
    Mutant(
        "a live job is not spent in developer mode",
        LUA + "begin.lua",
        "if mode ~= 'live' or ARGV[18] == 'live' then",
        "if true then",
        DISPATCH,
    ),
    Mutant(
        "a server that may forget stops everything",
        "dialer/durability.py",
        'holds.set(EVERYTHING, owner=DURABILITY, who="tick", reason=reason)',
        "pass",
        "tests/integration/test_durability.py",
    ),
    Mutant(
        "each move is told",
        LUA + "life.lua",
        "  tell_of_job(verb, id, job[2], lane, from, to, who, why)\n",
        "",
        "tests/integration/test_transition_logs.py",
    ),
    Mutant(
        "other settings forget no keys",
        "dialer/upkeep.py",
        "if self._store.bells.apart(self._settings):",
        "if False:",
        "tests/integration/test_other_settings.py",
    ),
    Mutant(
        "a campaign keeps the mode it began with",
        "dialer/feeder.py",
        "mode = progress.mode or route.mode",
        "mode = route.mode",
        "tests/integration/test_other_settings.py",
    ),
    Mutant(
        "the mode of a campaign is kept by the store",
        LUA + "feed.lua",
        ", 'mode', ARGV[7])",
        ")",
        "tests/integration/test_other_settings.py",
    ),
    *campaign_mutants.MUTANTS,
]


def survives(mutant: Mutant, tree: Path) -> bool:
    """Say whether the tests of one mutant pass."""
    file = tree / mutant.file
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.promise}: its line stands {text.count(mutant.old)} times")
    file.write_text(text.replace(mutant.old, mutant.new))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.tests],
            cwd=tree,
            capture_output=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    else:
        return done.returncode == 0
    finally:
        file.write_text(text)


def main() -> int:
    """Try every mutant whose promise holds the words given."""
    words = " ".join(sys.argv[1:])
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".venv", ".git", ".hypothesis"))
        for mutant in MUTANTS:
            if words in mutant.promise:
                alive = survives(mutant, tree)
                print("SURVIVED" if alive else "caught  ", mutant.promise, flush=True)
                survivors += [mutant] * alive
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
