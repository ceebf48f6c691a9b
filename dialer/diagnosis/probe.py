"""The probe of an account: one request in developer mode, which rings nobody."""

import time
from collections.abc import Iterator, Mapping

from dialer.client import Client, Endpoint
from dialer.diagnosis.doctor import Finding, Level
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.codes import Kind
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome, Placed, Refused
from dialer.errors import SettingsError
from dialer.settings import Account, Settings

#: Made up, and in developer mode nobody is rung anyway.
_CALL = ClickToCall(from_="9000000001", to="9000000002")
_STEPS: Mapping[Kind, str] = {
    Kind.ACCOUNT: "correct user_id and token, or ask the provider about the account",
    Kind.CAPACITY: "wait a minute, then probe again",
    Kind.PROVIDER: "the provider has trouble; probe again later",
}


def probe(settings: Settings) -> Iterator[Finding]:
    """
    Send one request through each account that has a token, and judge the answers, by name.

    Whatever the account's mode is, the request says developer: nobody is rung.
    It does not pass the meter: a person asks for it.
    """
    client = Client(connect_timeout=settings.wire.connect_timeout, deadline=settings.wire.deadline)
    for name, account in sorted(settings.accounts.items()):
        try:
            outcome = _ask(client, account, settings)
        except SettingsError:
            step = "probe where its workers run, or give it a token here"
            yield Finding(Level.WARN, "probe", f"{name}: not asked, there is no token here", step)
        except ValueError as error:  # the client's own rules for an address
            yield Finding(Level.FAIL, "probe", f"{name}: not asked: {error}", "correct base_url")
        else:
            yield judge_answer(name, outcome)


def judge_answer(name: str, outcome: Outcome) -> Finding:
    """Judge the outcome of the probe of the account *name*."""
    match outcome:
        case Placed():
            text = f"{name}: accepted in developer mode; nobody was rung"
            return Finding(Level.OK, "probe", text)
        case Refused(row=row):
            text = f"{name}: refused with {row.code} ({row.meaning}); nobody was rung"
            step = _STEPS.get(
                row.kind, f"look {row.code} up on the provider's page, or ask the provider"
            )
            return Finding(Level.FAIL, "probe", text, step)
        case NotSent(why=why):
            step = "correct base_url, or look at the network"
            return Finding(Level.FAIL, "probe", f"{name}: not sent: {why}", step)
        case Doubtful(why=why):
            text = f"{name}: no clear answer: {why}; in developer mode nobody is rung"
            step = "probe again; if it stays so, check base_url and ask the provider"
            return Finding(Level.FAIL, "probe", text, step)


def _ask(client: Client, account: Account, settings: Settings) -> Outcome:
    endpoint = Endpoint(account.base_url, account.user_id, account.endpoint_token())
    now = time.monotonic()
    return client.place(
        endpoint,
        _CALL.wire(),
        mode="developer",
        start_at=now,
        start_by=now + settings.wire.connect_timeout.total_seconds(),
    )
