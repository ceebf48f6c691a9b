"""A campaign's own rate keeps it back, and nobody else of its account."""

from datetime import timedelta

import pytest
from campaignkit import Field
from storekit import PLACED, Clockwork

from dialer.domain.job.attempt import Go, No, Wait

#: The account's rate, the campaign's own, and how long before its slot each call is asked for.
RATE, OWN, SPAN = 100, 10, timedelta(seconds=10)
LEAD = timedelta(milliseconds=75)
LOOKAHEAD = timedelta(milliseconds=100)


def begun(field: Field, most: int = 10_000) -> list[Go]:
    """Ask as workers do, a little ahead of each slot, until the time is over."""
    clock, found = field.clock, []
    end = clock.now + SPAN
    while clock.now < end and len(found) < most:
        reply = clock.begin(limits=field.routes["default"].limits, lookahead=LOOKAHEAD)
        if isinstance(reply, Go):
            found.append(reply)
            clock.settle(reply, PLACED)
            clock.forward(max(timedelta(0), reply.ahead + timedelta(seconds=1 / RATE) - LEAD))
        elif isinstance(reply, Wait):
            clock.forward(reply.time - LEAD)
        elif reply != No("sorting"):
            field.tick()
            clock.forward(timedelta(milliseconds=5))
    return found


@pytest.fixture
def field(scratch_clockwork: Clockwork) -> Field:
    """One account, and a campaign that may do a tenth of its rate."""
    made = Field.on(scratch_clockwork, calls_per_second=RATE, burst=1)
    made.create("slow", range(400), live_per_agent=0, calls_per_second=OWN)
    return made


def test_a_slow_campaign_takes_no_slot_from_a_quick_one(field: Field):
    """Both together use the account's rate up, and each has what is its own."""
    field.create("quick", range(1000, 3000), live_per_agent=0)
    starts = [go.job_id.split(":")[0] for go in begun(field)]
    assert len(starts) >= 0.99 * RATE * SPAN.total_seconds()
    assert abs(starts.count("slow") - OWN * SPAN.total_seconds()) <= OWN


def test_a_slow_campaign_alone_has_its_rate(field: Field):
    """Where nobody else wants a slot it is asked for ahead, and starts at its own instant."""
    starts = begun(field)
    assert abs(len(starts) - OWN * SPAN.total_seconds()) <= 2


def test_direct_calls_beside_a_slow_campaign_use_the_rate(field: Field):
    """Direct calls do not wait for the next start of a campaign."""
    for _ in range(1100):
        field.clock.enqueue()
    starts = [":" in go.job_id for go in begun(field)]
    assert len(starts) >= 0.99 * RATE * SPAN.total_seconds()
    assert sum(starts) >= 0.9 * OWN * SPAN.total_seconds()
