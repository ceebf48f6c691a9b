"""What the doctor makes of an answer to its probe."""

import pytest

from dialer.diagnosis.doctor import Level
from dialer.diagnosis.probe import judge_answer, probe
from dialer.domain.job.codes import Kind, lookup, undocumented
from dialer.domain.job.outcome import Doubtful, NotSent, Placed, Refused
from dialer.settings import Settings

TOO_FAST = undocumented("http_429", Kind.CAPACITY)


@pytest.mark.parametrize(
    ("outcome", "level", "text", "step"),
    [
        (Placed(""), Level.OK, "accepted in developer mode; nobody was rung", ""),
        (Refused(lookup("1015")), Level.FAIL, "refused with 1015", "correct user_id"),
        (Refused(TOO_FAST), Level.FAIL, "refused with http_429", "wait a minute"),
        (Refused(lookup("1501")), Level.FAIL, "nobody was rung", "again later"),
        (Refused(undocumented("7777")), Level.FAIL, "not documented", "look 7777 up"),
        (NotSent("connection refused"), Level.FAIL, "not sent: connection refused", "base_url"),
        (Doubtful("no answer within 30s"), Level.FAIL, "no answer within 30s", "probe again"),
    ],
)
def test_only_an_accepted_probe_is_good(outcome, level, text, step):
    """Each other answer fails, in words, with its own next step."""
    finding = judge_answer("default", outcome)

    assert (finding.name, finding.level) == ("probe", level)
    assert finding.text.startswith("default: ")
    assert text in finding.text
    assert step in finding.step


@pytest.mark.parametrize(
    ("account", "level", "text"),
    [
        ({}, Level.WARN, "not asked, there is no token here"),
        ({"token": "made-up", "base_url": "http://192.0.2.1/x"}, Level.FAIL, "not asked: base_url"),
    ],
)
def test_an_account_that_cannot_be_asked_is_not_asked(account, level, text):
    """Without a token, or with an address that would show it, nothing is sent."""
    settings = Settings.parse({"accounts": {"default": {"user_id": "00000001", **account}}})
    (finding,) = probe(settings)

    assert (finding.level, text in finding.text, bool(finding.step)) == (level, True, True)
