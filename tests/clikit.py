"""What tests of campaigns on the command line are made of: lists, and workers that take turns."""

import os
from datetime import UTC, datetime, timedelta

from storekit import LEASE, decided
from storekit import windows as written

from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.call.customer import UNPROTECTED
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Ask, Ended, Go, No
from dialer.domain.job.outcome import Outcome

HOUR = timedelta(hours=1)
FAST = Limits(1000, 100, 1000, 0, 300 * timedelta(seconds=1))
AGENTS = ("--set", "from=12,13", "--set", "fromType=Agent", "--column", "to=phone")


def create(cli, name: str = "diwali", *options: str) -> None:
    ran = cli("campaign", "create", name, *(options or AGENTS))
    assert ran.status == 0, ran.err


def fill(cli, count: int = 3, name: str = "diwali") -> None:
    rows = "".join(f"90000000{n:02d}\n" for n in range(1, count + 1))
    ran = cli("campaign", "import", name, "-", stdin=f"phone\n{rows}")
    assert ran.status == 0, ran.err


def dial(cli) -> Go | No:
    """Begin the next job as a worker would, if there is one."""
    now = datetime.now(UTC)
    reply = No("sorting")
    while reply == No("sorting"):
        grant = cli.store.attempts.begin(
            Ask(
                account="default",
                ask=os.urandom(8).hex(),
                bell="",
                limits=FAST,
                windows=written((now - 24 * HOUR, now + 24 * HOUR)),
                lease=LEASE,
                lookahead=timedelta(seconds=1),
                customer=UNPROTECTED,
                start_by=timedelta(0),
                mode="live",
            )
        )
        reply = grant.jobs[0] if grant.jobs else grant.rest
    return reply


def attempt(cli, outcome: Outcome) -> str:
    """Begin the next job, and settle it."""
    reply = dial(cli)
    assert isinstance(reply, Go), reply
    settlement = decided(reply, outcome, call=ClickToCall.from_content(reply.content))
    assert cli.store.attempts.settle([Ended(reply.job_id, reply.token, settlement)])[0]
    return reply.job_id


def ended(cli, name: str = "late", count: int = 3, *, started: bool = False) -> None:
    """Put a campaign into the store that ended an hour ago, before anybody was rung."""
    now = cli.store.server.time()
    fields = {"call": {"from": "21", "fromType": "Group"}, "columns": {"to": "phone"}}
    made = Campaign.read(
        {"name": name, "ends": now - HOUR, **fields},
        now=now - 24 * HOUR,
        time_zone="Asia/Kolkata",
    )
    cli.store.campaigns.create(made, who="test")
    numbers = [f"+9190000001{n:02d}" for n in range(count)]
    contacts = [Contact(n, (one,), "", (one,)) for n, one in enumerate(numbers, 1)]
    cli.store.contacts.append(name, "", contacts)
    if started:
        cli.store.server.client.hset(cli.store.server.keys.camp(name), "state", "running")


def progress(cli, name: str = "diwali"):
    return cli.store.campaigns.progress(name)
