"""How much of what may happen a test tries: a part in `make test`, far more in `make proofs`."""

import os

from hypothesis import HealthCheck, Phase, settings

#: Whether the long proof was asked for.
FULL = "CHAOS_FULL" in os.environ


def examples(few: int, many: int, *, steps: int = 50) -> settings:
    """
    Play so many examples, or of a state machine so many times at most *steps* rules.

    A failure is told as it was found. To make it smaller takes minutes, in which the test's limit
    of time would end the process without a word of what failed.
    """
    return settings(
        max_examples=many if FULL else few,
        stateful_step_count=steps,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        print_blob=True,
    )
