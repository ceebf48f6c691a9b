"""Guards of what is asked of calls, at whatever door."""

from mutant import Mutant

CALLS = "dialer/services/calls/__init__.py"
INTAKE = "dialer/services/calls/intake.py"
FLIGHT = "tests/integration/test_enqueue_in_flight.py"
ASKED = "tests/integration/test_services_calls.py"

MUTANTS = [
    Mutant(
        "calls: one without a name is asked for one",
        INTAKE,
        "if key is None and not by_content:",
        "if False:",
        ASKED,
    ),
    Mutant(
        "calls: a row without a name is asked for one",
        INTAKE,
        "return order if order.key or keyless else",
        "return order if True else",
        ASKED,
    ),
    Mutant(
        "calls: a bad row keeps no other from being taken",
        INTAKE,
        "if isinstance(order, InvalidCall):\n            return order",
        "if isinstance(order, InvalidCall):\n            raise order",
        ASKED,
    ),
    Mutant(
        "calls: a list has each of them once",
        CALLS,
        "if job.id not in seen:",
        "if True:",
        ASKED,
    ),
    Mutant(
        "calls: a list is in one order",
        "dialer/store/jobs.py",
        "ids = self._by_entry(ids)",
        "pass",
        ASKED,
    ),
    Mutant(
        "calls: a misspelt campaign is not one without jobs",
        CALLS,
        "if which.campaign is not None:",
        "if False:",
        ASKED,
    ),
    Mutant(
        "calls: what is put back is made anew at once",
        CALLS,
        "self.look_at_jobs(moved.done)",
        "pass",
        ASKED,
    ),
    Mutant(
        "calls: what is to ring again is made anew at once",
        CALLS,
        "if finding is Resolution.AGAIN and not left:",
        "if False:",
        "tests/integration/test_cli_corrections.py",
    ),
    Mutant(
        "calls: who leaves a list meanwhile is a job by then",
        CALLS,
        "if row and place and not place.fed:",
        "if row and place:",
        ASKED,
    ),
    Mutant(
        "calls: nothing overtakes a batch that was lost",
        "dialer/store/redis/server.py",
        "len(sent) > ahead or (sent and flight.lost)",
        "len(sent) > ahead",
        FLIGHT,
    ),
    Mutant(
        "calls: a batch that was lost is asked for by its own token",
        "dialer/store/redis/server.py",
        "return self.run(script, ask, token=token)",
        "return self.run(script, ask)",
        FLIGHT,
    ),
    Mutant(
        "calls: nothing else is asked on a connection with replies on their way",
        "dialer/store/redis/scripts.py",
        "check_health=False",
        "check_health=True",
        FLIGHT,
    ),
    Mutant(
        "calls: orders that are alike in all but their numbers and names alone are",
        "dialer/domain/job/order_reader.py",
        "return (*names, *values, types)",
        "return (*names, *values)",
        "tests/unit/domain/job/test_order_reader.py",
    ),
]
