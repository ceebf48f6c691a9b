"""Why a job has not been rung: facts in, reasons out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialer.cli.views.explanation import prospect
from dialer.diagnosis.explain import AccountFacts, CampaignFacts, Facts, advice, explain
from dialer.domain.account.limits import Limits
from dialer.domain.account.standing import Standing
from dialer.domain.call.customer import Allowed, Suppressed
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.progress import CampaignStanding
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.hold import Hold
from dialer.domain.job.job import Event, Job, State
from dialer.domain.job.lane import Ahead

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LIMITS = Limits(2.0, 1, 20, 0, 5 * MINUTE)
STANDING = Standing(
    limits=LIMITS,
    stored={},
    rate_share=1.0,
    posting=0,
    live=0,
    breaker="closed",
    next_probe=None,
    next_slot=NOW - SECOND,
    used_per_second=0.0,
)
ACCOUNT = AccountFacts(
    mode="live",
    standing=STANDING,
    windows=((NOW, NOW + 8 * HOUR), (NOW + 20 * HOUR, NOW + 30 * HOUR)),
    known=NOW + 8 * 24 * HOUR,
    why_closed=(),
    zone="Asia/Kolkata",
)
WORKER = LiveWorker("host:1", "host", 1, 16, "abc", NOW, SECOND)
JOB = Job(
    id="a" * 26,
    key="",
    state=State.READY,
    account="default",
    mode="live",
    lane="default/-/-/",
    priority=5,
    tries=0,
    attempts=0,
    content='{"from":["+919000000001"],"to":["+919000000002"]}',
    customer="to",
    protected=("+919100000001",),
    ring_lead=MINUTE,
    created=NOW - HOUR,
    entered=NOW - HOUR,
    due=None,
    not_after=NOW + 48 * HOUR,
    started=None,
    call_id="",
    code="",
    reason="accepted",
    events=(Event(NOW - HOUR, "", "ready", "test", "accepted"),),
)
FACTS = Facts(
    job=JOB,
    now=NOW,
    holds=(),
    suppressed=(),
    account=ACCOUNT,
    customer=Allowed(NOW, ""),
    pool_until=None,
    ahead=Ahead(),
    workers=(WORKER,),
    lease=MINUTE,
    quarantine=10 * MINUTE,
)


def hold(scope: str, owner: str = "operator") -> Hold:
    return Hold(scope, owner, "asha", "fire drill", NOW - MINUTE)


def job(**changes: Any) -> dict[str, Any]:
    return {"job": replace(JOB, **changes)}


def standing(**changes: Any) -> dict[str, Any]:
    return {"account": replace(ACCOUNT, standing=replace(STANDING, **changes))}


def windows(*spans: tuple[datetime, datetime], why: str = "closed") -> dict[str, Any]:
    return {"account": replace(ACCOUNT, windows=spans, why_closed=(why,) if why else ())}


AGENT = "agent:7/web=na/call=na"
LATER = (NOW + 20 * HOUR, NOW + 30 * HOUR)
NUMBER = Suppressed("+919100000001", None, "asha", "asked", NOW)

# what is different from FACTS -> names of the reasons, the next moment
WAITING = {
    "nothing": ({}, [], NOW),
    "hold on everything": ({"holds": [hold("all")]}, ["hold"], None),
    "hold on the account": ({"holds": [hold("account:default")]}, ["hold"], None),
    "two owners": (
        {"holds": [hold("account:default"), hold("account:default", "api")]},
        ["hold", "hold"],
        None,
    ),
    "account no longer live": (
        {"account": replace(ACCOUNT, mode="developer")},
        ["mode"],
        None,
    ),
    "account no longer live, and stopped for it": (
        {
            "account": replace(ACCOUNT, mode="developer"),
            "holds": [hold("account:default", "mode")],
        },
        ["hold"],
        None,
    ),
    "account no longer live, and another one stopped for that": (
        {"account": replace(ACCOUNT, mode="developer"), "holds": [hold("account:other", "mode")]},
        ["mode"],
        None,
    ),
    "developer job of a developer account": (
        {"account": replace(ACCOUNT, mode="developer"), **job(mode="developer")},
        [],
        NOW,
    ),
    "hold on another account": ({"holds": [hold("account:other")]}, [], NOW),
    "account unknown": ({"account": None}, ["account"], None),
    "breaker waits": (
        {
            **standing(breaker="open", next_probe=NOW + 5 * SECOND),
            "holds": [hold("account:default", "breaker")],
        },
        ["breaker"],
        NOW + 5 * SECOND,
    ),
    "closed": (windows(LATER), ["hours"], LATER[0]),
    "never open": (windows(), ["hours"], None),
    "closes before the last ring": (
        windows((NOW, NOW + MINUTE), LATER, why=""),
        ["hours"],
        LATER[0],
    ),
    "closes just after the last ring": (windows((NOW, NOW + MINUTE + SECOND), why=""), [], NOW),
    "do not call": ({"suppressed": [NUMBER]}, ["do_not_call"], None),
    "customer called too recently": (
        {"customer": Allowed(NOW + HOUR, "gap")},
        ["customer"],
        NOW + HOUR,
    ),
    "customer called too often": (
        {"customer": Allowed(NOW + HOUR, "cap")},
        ["customer"],
        NOW + HOUR,
    ),
    "no room for one call": ({"customer": Allowed(None, "cap")}, ["customer"], None),
    "deadline passed": (job(not_after=NOW), ["deadline"], None),
    "deadline before opening": (
        {**job(not_after=NOW + HOUR), **windows(LATER)},
        ["hours", "deadline"],
        None,
    ),
    "scheduled": (
        job(state=State.SCHEDULED, due=NOW + HOUR),
        ["scheduled"],
        NOW + HOUR,
    ),
    "scheduled for after hours": (
        job(state=State.SCHEDULED, due=NOW + 9 * HOUR),
        ["scheduled"],
        LATER[0],
    ),
    "hold on its agents": (
        {**job(lane=f"default/-/-/{AGENT}"), "holds": [hold(f"pool:default/{AGENT}")]},
        ["hold"],
        None,
    ),
    "hold on other agents": (
        {**job(lane=f"default/-/-/{AGENT}"), "holds": [hold(f"pool:default/{AGENT}0")]},
        [],
        NOW,
    ),
    "pool asleep": ({"pool_until": NOW + MINUTE}, ["pool"], NOW + MINUTE),
    "pool awake": ({"pool_until": NOW - MINUTE}, [], NOW),
    "rate": (standing(next_slot=NOW + SECOND), ["rate"], NOW + SECOND),
    "posting": (standing(posting=20), ["posting"], NOW),
    "live, no limit": (standing(live=1000), [], NOW),
    "live": (standing(live=3, limits=replace(LIMITS, max_live_calls=3)), ["live"], NOW),
    "queue": ({"ahead": Ahead(10)}, ["queue"], NOW + 5 * SECOND),
    "no worker": ({"workers": ()}, ["workers"], None),
    "settings of nobody's": (
        {"workers": [replace(WORKER, capacity=0)]},
        ["settings"],
        None,
    ),
    "settings of one": ({"workers": [WORKER, replace(WORKER, capacity=0)]}, [], NOW),
    "no doorbells": ({"workers": [replace(WORKER, takes=False)]}, ["workers"], None),
    "one takes them": ({"workers": [WORKER, replace(WORKER, takes=False)]}, [], NOW),
    "every clock wrong": ({"workers": [replace(WORKER, skew=3 * SECOND)]}, ["clock"], None),
    "one clock wrong": ({"workers": [WORKER, replace(WORKER, skew=-3 * SECOND)]}, [], NOW),
    "clock unknown": ({"workers": [replace(WORKER, skew=None)]}, [], NOW),
}


def of_campaign(ahead: Ahead, before: int = 0, **used: Any) -> Facts:
    """A job or contact of a campaign of which two agents have one call each, 350 s long."""
    own = CampaignStanding(
        **{
            "next_slot": None,
            "posting": 0,
            "max_posting": 0,
            "live": 0,
            "max_live": 0,
            "live_until": None,
            "places": 2,
            "talking": [],
        }
        | used
    )
    campaign = CampaignFacts(
        name="diwali",
        state=CampaignState.RUNNING,
        decided=None,
        starts=None,
        ends=NOW + 48 * HOUR,
        calls_per_second=None,
        standing=own,
        row=1000 if before else 0,
        before=before,
        before_same_agents=before,
        hours_known=True,
    )
    return replace(FACTS, campaign=campaign, ahead=ahead, **job(lane=f"default/diwali/0/{AGENT}"))


LASTS = 350 * SECOND
TALKING = [NOW + MINUTE, NOW + 2 * MINUTE]
#: Who comes first, and what is used -> from when on it may be rung, what is said.
TURNS = {
    "two agents, one at a time": (of_campaign(Ahead(4, 4)), 2 * LASTS, "2 calls at a time"),
    "an odd one": (of_campaign(Ahead(5, 5)), 2 * LASTS, "that takes 11 min"),
    "both talk": (of_campaign(Ahead(4, 4), talking=TALKING), MINUTE + 2 * LASTS, "11 min"),
    "the later of both": (of_campaign(Ahead(5, 5), talking=TALKING), 2 * MINUTE + 2 * LASTS, ""),
    "more talk than may": (
        of_campaign(Ahead(2, 2), talking=[NOW, *TALKING, NOW + HOUR]),
        2 * MINUTE + LASTS,
        "",
    ),
    "others wait for others": (of_campaign(Ahead(40, 4)), 2 * LASTS, "; 4 of them for the same"),
    "the rate is slower": (of_campaign(Ahead(4000, 2)), 2000 * SECOND, "at 2/s that takes 33 min"),
    "contacts too": (of_campaign(Ahead(4, 4), 6), 5 * LASTS, "4 ready jobs and 6 contacts of"),
    "contacts alone": (of_campaign(Ahead(), 6), 3 * LASTS, "6 contacts of campaign diwali come"),
    "one": (of_campaign(Ahead(1, 1)), SECOND / 2, "1 ready job of account default comes first"),
    "its live calls": (
        of_campaign(Ahead(30), live=10, max_live=10, live_until=NOW + MINUTE),
        MINUTE + 3 * LASTS,
        "with at most 10 calls going on, each taken to last 5 min, that takes 17 min",
    ),
    "left alone": (
        replace(of_campaign(Ahead(30, 20), places=0), pool_until=NOW + MINUTE),
        MINUTE + 10 * SECOND,
        "that takes 10 s",
    ),
    "left alone, and two at a time": (
        replace(of_campaign(Ahead(5, 4)), pool_until=NOW + MINUTE),
        MINUTE + 2 * LASTS,
        "4 of them for the same agents",
    ),
    "lanes that sleep": (
        of_campaign(Ahead(2, 2, 7)),
        LASTS,
        "; 7 more come first if those they wait for are free in time",
    ),
}


@pytest.mark.parametrize(("facts", "after", "said"), TURNS.values(), ids=TURNS.keys())
def test_a_turn_comes_after_those_who_come_first(facts, after, said):
    """Rate, agents and limits of live calls: the one that bounds them most says when."""
    explained = explain(facts)
    (reason,) = [one for one in explained.reasons if one.name in ("queue", "list")]
    assert explained.next == reason.until == NOW + after
    assert explained.reckoned
    assert said in reason.text


def test_those_who_come_first_take_open_hours():
    """Three hours of calls, two before the close: the third is after the next opening."""
    facts = replace(FACTS, ahead=Ahead(3 * 7200), **windows((NOW, NOW + 2 * HOUR), LATER, why=""))
    explained = explain(facts)
    assert explained.next == LATER[0] + HOUR
    assert explained.reasons[0].text.endswith("that takes 3 h of calling hours")


def test_a_turn_that_does_not_come_before_the_deadline_is_said():
    """It is reckoned, and so it is said as that; beyond the hours that are known nobody knows."""
    late = {**job(not_after=NOW + HOUR), "ahead": Ahead(7200)}
    for spans in ((NOW, NOW + 2 * HOUR), (NOW, NOW + HOUR / 2)):
        explained = explain(replace(FACTS, **late, **windows(spans, why="")))
        assert [reason.name for reason in explained.reasons] == ["deadline", "queue"]
        assert "comes before its turn, as things go now" in explained.reasons[0].text
    unknown = replace(ACCOUNT, windows=((NOW, NOW + HOUR / 2),), known=NOW + HOUR / 2)
    explained = explain(replace(FACTS, **late, account=unknown))
    assert [reason.name for reason in explained.reasons] == ["queue"]
    assert explained.next is None


def test_what_is_reckoned_is_no_promise():
    """Alone a job has its moment; behind others it has one before which it is not rung."""
    closed = explain(replace(FACTS, **windows(LATER)))
    assert prospect(closed) == "it may be rung from 2026-03-03 07:30:00 IST"
    behind = explain(of_campaign(Ahead(4, 4)))
    assert prospect(behind).startswith("not before 2026-03-02 11:4")


@pytest.mark.parametrize(("changes", "names", "moment"), WAITING.values(), ids=WAITING.keys())
def test_waiting_job_has_its_reasons_and_next_moment(changes, names, moment):
    """Each thing in the way is one reason; the next moment is known when all of them end."""
    explained = explain(replace(FACTS, **changes))

    assert [reason.name for reason in explained.reasons] == names
    assert explained.next == moment


def test_all_reasons_at_once_stand_in_the_fixed_order():
    """Everything in the way at once is listed at once, in the order of `begin`."""
    facts = replace(
        FACTS,
        holds=[
            hold("account:default"),
            hold("account:default", "breaker"),
            hold("all"),
            hold(f"pool:default/{AGENT}"),
        ],
        suppressed=[NUMBER],
        customer=Allowed(NOW + SECOND, "gap"),
        pool_until=NOW + MINUTE,
        ahead=Ahead(1),
        workers=(),
        account=replace(
            ACCOUNT,
            windows=(LATER,),
            why_closed=("Sunday",),
            standing=replace(
                STANDING,
                breaker="open",
                next_probe=NOW,
                posting=20,
                live=1,
                limits=replace(LIMITS, max_live_calls=1),
                next_slot=NOW + SECOND,
            ),
        ),
        **job(
            state=State.SCHEDULED,
            due=NOW + MINUTE,
            not_after=NOW + HOUR,
            lane=f"default/-/-/{AGENT}",
        ),
    )

    assert [reason.name for reason in explain(facts).reasons] == [
        *("hold", "hold", "breaker", "rate", "posting", "live", "hours", "scheduled"),
        *("pool", "hold", "deadline", "do_not_call", "customer", "queue", "workers"),
    ]


ENDED = {
    "on the wire": ({"state": State.DIALING, "attempts": 2}, "attempt 2 is on the wire"),
    "placed": ({"state": State.PLACED}, "it is not rung again"),
    "placed in developer mode": (
        {"state": State.PLACED, "mode": "developer"},
        "developer mode rings nobody",
    ),
    "unconfirmed": (
        {"state": State.UNCONFIRMED, "reason": "no answer", "started": NOW},
        "a phone may have rung (no answer)",
    ),
    "dead": ({"state": State.DEAD, "code": "1508", "reason": "refused 1508"}, "invalid mobile"),
    "skipped": ({"state": State.SKIPPED, "reason": "its deadline has passed"}, "deadline"),
    "cancelled": ({"state": State.CANCELLED, "reason": "no longer wanted"}, "by test"),
}


@pytest.mark.parametrize(("changes", "sentence"), ENDED.values(), ids=ENDED.keys())
def test_job_that_waits_no_more_has_its_state_as_only_reason(changes, sentence):
    """A job that is not waiting says what became of it, whatever else is in the way."""
    facts = replace(FACTS, holds=[hold("all")], workers=(), job=replace(JOB, **changes))
    (reason,) = explain(facts).reasons

    assert reason.name == "state"
    assert sentence in reason.text


@pytest.mark.parametrize(
    ("started", "said"), [(NOW - MINUTE, "is refused until"), (NOW - HOUR, "resolve")]
)
def test_quarantine_is_said_while_it_lasts(started, said):
    """The step of an unconfirmed job names the end of the quarantine, until it is over."""
    facts = replace(FACTS, job=replace(JOB, state=State.UNCONFIRMED, started=started))
    (reason,) = explain(facts).reasons

    assert said in reason.step
    assert ("is refused until" in reason.step) == (started == NOW - MINUTE)


@pytest.mark.parametrize(
    ("job_mode", "account_mode", "said"),
    [("live", "live", False), ("live", "developer", False), ("developer", "live", True)],
)
def test_note_says_when_nobody_will_be_rung(job_mode, account_mode, said):
    """Developer mode is no obstacle and is said all the same."""
    account = replace(ACCOUNT, mode=account_mode)
    note = explain(replace(FACTS, account=account, job=replace(JOB, mode=job_mode))).note

    assert ("nobody" in note) is said


def test_times_are_in_the_zone_of_the_account():
    """A person reads moments in the account's zone, with its name."""
    (reason,) = explain(replace(FACTS, **job(state=State.SCHEDULED, due=NOW + HOUR))).reasons

    assert "2026-03-02 12:30:00 IST" in reason.text


def test_no_number_is_in_any_reason():
    """Reasons can be shown and logged: they hold no phone number."""
    for changes, _, _ in WAITING.values():
        for reason in explain(replace(FACTS, **changes)).reasons:
            assert "9100000001" not in reason.text + reason.step


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1508", "mend the call"),
        ("1574", "leave it dead"),
        ("1501", "redrive when it is over"),
        ("", "out of tries"),
        ("made-up", "look at one"),
    ],
)
def test_dead_letter_has_advice_by_its_code(code, said):
    """What a person should do depends on what the code means; an unknown one is looked at."""
    assert said in advice(code)


def test_dead_contact_has_advice_for_its_campaign():
    """A contact is never enqueued anew; its campaign is mended, or it stays dead."""
    dead = replace(JOB, state=State.DEAD, code="1508", lane="default/diwali/0/")
    (reason,) = explain(replace(FACTS, job=dead)).reasons

    assert "dialer campaign set diwali …, then redrive" in reason.step
    assert "enqueue" not in reason.step


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        ("operator", "dialer hold release --account default --owner operator"),
        ("api", "correct the settings, restart the workers, then: dialer hold release"),
        ("witness", "dialer recover --who NAME takes it over"),
    ],
)
def test_release_stands_behind_what_must_come_first(owner: str, step: str):
    """Releasing what a machine holds, and nothing else, would only bring the hold back."""
    (reason,) = explain(replace(FACTS, holds=(hold("account:default", owner),))).reasons
    assert reason.step.startswith(step)


def test_owner_who_set_the_hold_is_named_once():
    """A machine is its own person."""
    (reason,) = explain(replace(FACTS, holds=(replace(hold("all", "api"), who="api"),))).reasons
    assert "held by api since" in reason.text
