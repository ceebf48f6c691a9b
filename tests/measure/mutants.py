"""
Take one guard away at a time, and see the tests notice.

Each mutant is one line of the code that keeps a promise, changed in a copy of
the tree. A mutant that survives its tests is a promise nobody checks. Run it
by hand (`make mutants`); it prints what survived and exits 1 if anything did.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path
from queue import SimpleQueue

import answer_mutants
import batch_mutants
import calls_mutants
import campaign_mutants
import layout_mutants
import list_mutants
import reading_mutants
import stop_mutants
import surroundings_mutants
import wire_mutants
from mutant import LUA, Mutant
from mutant_runs import Copy, hints, remember

DISPATCH = "tests/integration/test_dispatch.py"
BELLS = "tests/integration/test_bells.py"
STEPS = "tests/integration/test_clock_steps.py"
DOUBTS = "tests/integration/test_clock_doubts.py"
FLEET = "tests/integration/test_fleet.py"
MEMORY = "tests/integration/test_store_memory.py"

DAMAGE = "tests/integration/test_damage.py"
SHARES = "tests/integration/test_shares.py"
DUTIES = "tests/integration/test_upkeep_duties.py"

MUTANTS = [
    Mutant(
        "a hold without its record holds",
        LUA + "life.lua",
        "or redis.call('SISMEMBER', P .. 'holds', scope) == 1",
        "or false",
        DAMAGE,
    ),
    Mutant(
        "what is no record is not moved",
        LUA + "life.lua",
        "if damage then\n    return damage == 'missing'",
        "if false then\n    return damage == 'missing'",
        DAMAGE,
    ),
    Mutant(
        "a candidate without a record is put aside",
        LUA + "begin.lua",
        "local damage = id and unusable(id)",
        "local damage = nil",
        DAMAGE,
    ),
    Mutant(
        "a job whose record is gone is not made again",
        LUA + "accept.lua",
        "    elseif was_there(twin, job.call.lane) then",
        "    elseif false then",
        DAMAGE,
    ),
    Mutant(
        "a do-not-call list that lacks numbers bars all",
        LUA + "begin.lua",
        "if lost then",
        "if false then",
        DAMAGE,
    ),
    Mutant(
        "a retyped index is put aside",
        LUA + "damage.lua",
        "    if is_spare(head_of(name)) then\n      local gone",
        "    if false then\n      local gone",
        DAMAGE,
    ),
    Mutant(
        "an account has its share",
        LUA + "gate.lua",
        "  if others < 1 then",
        "  if true then",
        SHARES,
    ),
    Mutant(
        "an account leaves one place for each other",
        LUA + "gate.lua",
        "math.min(math.floor((9 * free - taken) / 10), free - others)",
        "math.floor((9 * free - taken) / 10)",
        SHARES,
    ),
    Mutant(
        "those behind stay behind",
        LUA + "waiting.lua",
        "    if first and first ~= id and its_rank <= rank then",
        "    if false then",
        SHARES,
    ),
    Mutant(
        "who is taken out lets the next one pass",
        LUA + "life.lua",
        "    let_others_pass(id, job.protected)\n  end\n  count_move",
        "  end\n  count_move",
        SHARES,
    ),
    Mutant(
        "lanes beyond count are counted in the books",
        "dialer/store/feeding.py",
        "if len(lanes) > _LANES:",
        "if False:",
        SHARES,
    ),
    Mutant(
        "a duty that fails keeps no other",
        "dialer/maintenance/upkeep.py",
        "        except Exception as error:\n            if duty",
        "        except ZeroDivisionError as error:\n            if duty",
        DUTIES,
    ),
    Mutant(
        "a duty is bounded in time",
        "dialer/maintenance/upkeep.py",
        "if count < BOUND or self._monotonic() > end:",
        "if count < BOUND:",
        DUTIES,
    ),
    Mutant(
        "the first look may forbid the rest",
        "dialer/maintenance/upkeep.py",
        "if self._do(_name(look), look) is False:",
        "if self._do(_name(look), look) is None:",
        DUTIES,
    ),
    Mutant(
        "zone groups are bounded",
        LUA + "append.lua",
        ">= GROUPS then",
        ">= 100000 then",
        DUTIES,
    ),
    Mutant(
        "begin repeats its answer",
        LUA + "begin.lua",
        "if before then\n  local nth",
        "if false then\n  local nth",
    ),
    Mutant("begin trusts no doubtful clock", LUA + "begin.lua", "if doubt then", "if false then"),
    Mutant(
        "a wrong clock is noticed",
        LUA + "prologue.lua",
        "return WENT_BACK or SETTLES or off(CALLER.wall, CALLER.tolerance) or ",
        "return WENT_BACK or SETTLES or ",
    ),
    Mutant(
        "a step back is noticed",
        LUA + "prologue.lua",
        "local WENT_BACK = now < ERA.most - STEP",
        "local WENT_BACK = false",
        DOUBTS,
    ),
    Mutant(
        "a rolled back server is noticed",
        LUA + "prologue.lua",
        "and CALLER.seq > SEQ",
        "and false",
        MEMORY,
    ),
    Mutant(
        "another store is noticed",
        LUA + "prologue.lua",
        "or CALLER.era ~= '' and CALLER.era ~= ERA.id",
        "or false and CALLER.era ~= ERA.id",
        MEMORY,
    ),
    Mutant(
        "what was forgotten stops everything",
        LUA + "life.lua",
        "  if FORGOTTEN then\n    stop_what_was_forgotten()",
        "  if FORGOTTEN then",
        DOUBTS,
    ),
    Mutant(
        "a step forward is held",
        LUA + "notice.lua",
        "if jumped and ahead == 0 then",
        "if false then",
        STEPS,
    ),
    Mutant(
        "one that stood still stops nobody else",
        LUA + "notice.lua",
        "not set_right and now - ERA.most > STEP",
        "not set_right",
        STEPS,
    ),
    Mutant(
        "a meter gives nothing for a step",
        LUA + "meter.lua",
        "  if steps == STEPS then",
        "  if true then",
        STEPS,
    ),
    Mutant(
        "a rate cut in the future is no rate",
        LUA + "meter.lua",
        "local back = math.max(0, math.min(1,",
        "local back = (math.min(1,",
        DOUBTS,
    ),
    Mutant(
        "nothing is due by a doubtful clock",
        LUA + "due.lua",
        "if distrust() then",
        "if false then",
        DOUBTS,
    ),
    Mutant("no lease ends by one", LUA + "reap.lua", "if distrust() then", "if false then", DOUBTS),
    Mutant(
        "nothing is pruned by one", LUA + "prune.lua", "if distrust() then", "if false then", DOUBTS
    ),
    Mutant(
        "no campaign ends by one", LUA + "sweep.lua", "if distrust() then", "if false then", DOUBTS
    ),
    Mutant(
        "no list is forgotten by one",
        LUA + "forget.lua",
        "if distrust() then",
        "if false then",
        DOUBTS,
    ),
    Mutant("nothing is fed by one", LUA + "feed.lua", "if doubt then", "if false then", DOUBTS),
    Mutant(
        "no key is forgotten by one", LUA + "tidy.lua", "if distrust() then", "if false then", STEPS
    ),
    Mutant(
        "no call is over by one",
        LUA + "plan.lua",
        "if not doubt then\n  end_calls(account)",
        "if true then\n  end_calls(account)",
        STEPS,
    ),
    Mutant(
        "a machine's memory stops another store",
        "dialer/store/high_water_mark.py",
        "    if seen.era != known.id:",
        "    if False:",
        MEMORY,
    ),
    Mutant(
        "a hold on everything stops",
        LUA + "gate.lua",
        "if is_held('all') then",
        "if false then",
    ),
    Mutant(
        "a hold on an account stops",
        LUA + "gate.lua",
        "if #owners == 0 and not is_held(scope) then",
        "if true then",
    ),
    Mutant(
        "one probe at a time",
        LUA + "gate.lua",
        "if breaker[2] ~= '' or probe > now then",
        "if probe > now then",
    ),
    Mutant(
        "the meter is charged",
        LUA + "begin.lua",
        "tat, room = math.max(tat, slot) + limits.interval, room - 1",
        "tat, room = math.max(tat, slot), room - 1",
    ),
    Mutant(
        "posting is limited",
        LUA + "gate.lua",
        "if room < 1 then\n    return 0, why",
        "if false then\n    return 0, why",
    ),
    Mutant(
        "live calls are limited",
        LUA + "gate.lua",
        "if limits.live > 0 and limits.live - live",
        "if false and limits.live - live",
    ),
    Mutant(
        "closed is closed",
        LUA + "begin.lua",
        "if not close then\n    return 'no'",
        "if false then\n    return 'no'",
    ),
    Mutant(
        "do-not-call is read",
        LUA + "begin.lua",
        "elseif on_do_not_call(account, numbers) then",
        "elseif false then",
    ),
    Mutant(
        "an account's own list is read",
        LUA + "customer.lua",
        "or is_listed('dnc:' .. account, number)",
        "or false",
    ),
    Mutant(
        "the deadline is checked",
        LUA + "begin.lua",
        "if terms.at + LATE >= deadline then",
        "if false then",
    ),
    Mutant(
        "the last ring is before the close",
        LUA + "begin.lua",
        "elseif terms.at + LATE + tonumber(job.lead_us) >= terms.close then",
        "elseif false then",
    ),
    Mutant(
        "the close is exclusive",
        LUA + "begin.lua",
        "elseif terms.at + LATE + tonumber(job.lead_us) >= terms.close then",
        "elseif terms.at + LATE + tonumber(job.lead_us) > terms.close then",
    ),
    Mutant(
        "a pool sleeps",
        LUA + "begin.lua",
        "if until_us > at then",
        "if false then",
    ),
    Mutant(
        "settle is idempotent",
        LUA + "settle.lua",
        "if job and job.settled == token then",
        "if false then",
    ),
    Mutant(
        "settle is fenced",
        LUA + "settle.lua",
        "elseif not job or job.token ~= token or not leads('settle', 'from', job.state) then",
        "elseif not job then",
    ),
    Mutant(
        "a refusal gives the live place back",
        LUA + "settle.lua",
        "if not ended.rang then\n    apart(",
        "if false then\n    apart(",
    ),
    Mutant("a late answer counts its try once", LUA + "settle.lua", "late and 0 or 1", "1"),
    Mutant(
        "a redrive is no second redrive", LUA + "redrive.lua", "if not refused then", "if true then"
    ),
    Mutant(
        "ringing again waits for the quarantine",
        LUA + "resolve.lua",
        "and (now < over or distrust()) then",
        "and false then",
    ),
    Mutant(
        "a lease over is doubt, not another try",
        "dialer/domain/job/job.py",
        '"expire": _arrow("dialing", "unconfirmed"),',
        '"expire": _arrow("dialing", "ready"),',
    ),
    Mutant(
        "no move outside the table",
        LUA + "life.lua",
        "if not leads(verb, 'from', from) or not leads(verb, 'to', to) then",
        "if false then",
    ),
    Mutant(
        "a take-back is fenced",
        "dialer/store/lua/customer.lua",
        "if not job or job.token ~= token or job.state ~= 'dialing' then",
        "if not job then",
    ),
    Mutant(
        "a dead probe is a fault",
        LUA + "reap.lua",
        "apart('breaker:' .. job.account, tell_breaker, job.account, job.token or '',"
        " 'fault', ask.breaker, why, true)",
        "",
    ),
    Mutant(
        "unconfirmed is never pruned", LUA + "prune.lua", "if not ENDS[state] then", "if false then"
    ),
    Mutant(
        "bells are not doubled", LUA + "plan.lua", "if nth > unanswered then", "if true then", BELLS
    ),
    Mutant(
        "a gone worker carries nothing",
        LUA + "plan.lua",
        "redis.call('ZREM', P .. 'capacity', gone)",
        "",
        FLEET,
    ),
    Mutant(
        "mode never goes up",
        "dialer/dialing/calling.py",
        'if granted.go.mode == granted.route.mode == "live" else',
        'if granted.route.mode == "live" else',
        DISPATCH,
    ),
    Mutant(
        "a lost answer to begin is given back",
        "dialer/dialing/dispatch.py",
        "self._caller.settler.insist(lambda: self._attempts.disown(ask, why) > 0)",
        "pass",
        DISPATCH,
    ),
    Mutant(
        "an outcome is insisted on",
        "dialer/dialing/settling.py",
        "over = self._monotonic() > since + self._patience",
        "over = True",
        DISPATCH,
    ),
    Mutant(
        "stopped in mid-request is doubt",
        "dialer/dialing/calling.py",
        "except BaseException as error:",
        "except ZeroDivisionError as error:",
        DISPATCH,
    ),
    Mutant(
        "several numbers suppress none",
        "dialer/domain/job/settle.py",
        'numbers[0] if len(numbers) == 1 else ""',
        "numbers[0]",
        DISPATCH,
    ),
    Mutant(
        "doubt is not retried",
        "dialer/domain/job/settle.py",
        'DOUBT = SettlementRow(State.UNCONFIRMED, "doubt", True, True, Breaker.FAULT)',
        'DOUBT = SettlementRow(State.SCHEDULED, "retry", True, True, Breaker.FAULT, "provider")',
        "tests/unit/domain/job/test_settle.py",
    ),
    Mutant(
        "a live job is not spent in developer mode",
        LUA + "begin.lua",
        "if mode ~= 'live' or ask.mode == 'live' then",
        "if true then",
        DISPATCH,
    ),
    Mutant(
        "a server that may forget stops everything",
        "dialer/maintenance/durability_check.py",
        "holds.reconcile(EVERYTHING, owner=DURABILITY, reason=self._unsafe(), over=over)",
        "pass",
        "tests/integration/test_durability.py",
    ),
    Mutant(
        "the age of a hold is that of the trouble",
        "dialer/store/holds.py",
        "all(hold.reason != reason for hold in standing)",
        "True",
        "tests/integration/test_durability.py",
    ),
    Mutant(
        "each move is told",
        LUA + "life.lua",
        "if not UNTOLD[verb] then",
        "if false then",
        "tests/integration/test_transition_logs.py",
    ),
    Mutant(
        "other settings forget no keys",
        "dialer/maintenance/upkeep.py",
        "if self._store.doorbells.apart(self._settings):",
        "if False:",
        "tests/integration/test_other_settings.py",
    ),
    Mutant(
        "a campaign keeps the mode it began with",
        "dialer/feeding/feeder.py",
        "mode = progress.mode or route.mode",
        "mode = route.mode",
        "tests/integration/test_other_settings.py",
    ),
    Mutant(
        "the mode of a campaign is kept by the store",
        LUA + "feed.lua",
        ", 'mode', ask.mode)",
        ")",
        "tests/integration/test_other_settings.py",
    ),
    *layout_mutants.MUTANTS,
    *list_mutants.MUTANTS,
    *campaign_mutants.MUTANTS,
    *stop_mutants.MUTANTS,
    *answer_mutants.MUTANTS,
    *batch_mutants.MUTANTS,
    *calls_mutants.MUTANTS,
    *surroundings_mutants.MUTANTS,
    *reading_mutants.MUTANTS,
    *wire_mutants.MUTANTS,
]


def chosen(words: str, part: str) -> list[Mutant]:
    """Choose the mutants whose promise holds the words, and of them the n-th of m parts."""
    nth, parts = (int(number) for number in part.split("/"))
    return [mutant for mutant in MUTANTS if words in mutant.promise][nth - 1 :: parts]


def attempts(mutants: list[Mutant], at_once: int) -> Iterator[tuple[Mutant, str]]:
    """Try mutants in so many copies at once; each with the test that noticed it, "" for none."""
    known, copies = hints(), SimpleQueue[Copy]()

    def attempt(mutant: Mutant) -> tuple[Mutant, str]:
        copy = copies.get()
        try:
            return mutant, copy.noticed_by(mutant, known.get(mutant.promise, ""))
        finally:
            copies.put(copy)

    with tempfile.TemporaryDirectory() as folder, ThreadPool(at_once) as pool:
        for nth in range(at_once):
            copies.put(Copy(Path(folder) / str(nth)))
        tests = set[str]()
        for mutant, test in pool.imap_unordered(attempt, mutants):
            tests |= {test} - {""}
            yield mutant, test
        for test in copies.get().broken(tests):
            raise SystemExit(f"{test} fails with every guard in its place")


def main() -> int:
    """Try the mutants that were asked for, and remember which test noticed each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only promises that hold these words")
    parser.add_argument("--part", default="1/1", help="1/4 is the first of four parts")
    parser.add_argument("--at-once", type=int, default=2, help="how many are tried at once")
    asked = parser.parse_args()
    mutants, noticed = chosen(" ".join(asked.words), asked.part), dict[str, str]()
    for mutant, test in attempts(mutants, asked.at_once):
        print("caught  " if test else "SURVIVED", mutant.promise, flush=True)
        if test:
            noticed[mutant.promise] = test
    remember(noticed, MUTANTS)
    print(f"{len(noticed)} of {len(mutants)} caught")
    return 0 if len(noticed) == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
