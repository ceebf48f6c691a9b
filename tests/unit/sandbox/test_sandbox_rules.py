"""The sandbox refuses as the vendor's page says, each code for its own reason."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from dialer.sandbox.codes import EXTRA_MESSAGES, MESSAGES, message
from dialer.sandbox.desk import ENDPOINT, Desk
from dialer.sandbox.exchange import Exchange, Meter
from dialer.sandbox.faults import Fault
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.wire import Moment, Request
from dialer.sandbox.world import DEFAULT_WORLD, Account, Campaign, Limits, World

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DOCUMENTED = {"1002", "1013", "1014", "1020"} | {str(code) for code in range(1501, 1586)}
ON_DND = "9000000099"
WORLD = DEFAULT_WORLD.model_copy(update={"dnd": frozenset({ON_DND})})
GOOD = {
    "user_id": "00000001",
    "token": "sandbox-token-not-secret",
    "from": "9000000001",
    "to": "9000000002",
}
MANY = {"token": "sandbox-token-many-values"}
SIX = ",".join(f"900000010{n}" for n in range(6))
FROM_AGENT = {"fromType": "Agent", "from": "11"}
TO_AGENT = {"toType": "Agent", "to": "11"}
FROM_GROUP = {"fromType": "Group", "from": "21"}
TO_GROUP = {"toType": "Group", "to": "21"}
FROM_AWAY = {"fromType": "Agent", "from": "13"}
TO_AWAY = {"toType": "Agent", "to": "13"}
FROM_EMPTY_GROUP = {"fromType": "Group", "from": "22"}
TO_EMPTY_GROUP = {"toType": "Group", "to": "22"}
STICKY = TO_AGENT | {"sticky": "yes"}

#: One request for each code: what differs from GOOD, None taking a parameter away.
REACHED_BY_RULE = {
    "1002": {"user_id": None},
    "1013": {"user_id": "00000009"},
    "1014": {"token": None},
    "1020": {"token": "not-this-token"},
    "1502": {"fromType": ""},
    "1503": {"fromType": "Robot"},
    "1504": {"toType": ""},
    "1505": {"toType": "Robot"},
    "1506": {"from": None},
    "1507": {"to": ""},
    "1508": {"from": "98765XXXXX"},
    "1509": {"to": " 919000000002"},
    "1510": MANY | {"from": "9000000001,09000000001"},
    "1511": MANY | {"to": "9000000002,919000000002"},
    "1512": FROM_AGENT | {"from": "99"},
    "1513": TO_AGENT | {"to": "99"},
    "1514": MANY | FROM_AGENT | {"from": "11,11"},
    "1515": MANY | TO_AGENT | {"to": "11,11"},
    "1516": FROM_GROUP | {"from": "21,22"},
    "1517": TO_GROUP | {"to": "21,22"},
    "1518": FROM_GROUP | {"from": "29"},
    "1519": TO_GROUP | {"to": "29"},
    "1520": {"to": "+919000000001"},
    "1521": {"from": None, "to": None},
    "1522": {"fromStrategy": "RANDOM"},
    "1523": {"toStrategy": ""},
    "1524": {"fromRingTime": "twenty"},
    "1525": {"fromRingTime": "-1"},
    "1526": {"toRingTime": "20.5"},
    "1527": {"toRingTime": "-20"},
    "1528": {"fromRetryCount": ""},
    "1529": {"fromRetryCount": "-1"},
    "1530": {"toRetryCount": "once"},
    "1531": {"toRetryCount": "-2"},
    "1532": {"timeLimit": ""},
    "1533": {"timeLimit": "-60"},
    "1534": {"timeLimit": "1 minute"},
    "1535": {"ringTone": "9999999999_9.wav"},
    "1536": FROM_AWAY | {"fromWebLogin": "yes"},
    "1537": FROM_EMPTY_GROUP | {"fromWebLogin": "yes"},
    "1538": FROM_AWAY | {"fromCallLogin": "yes"},
    "1540": FROM_EMPTY_GROUP | {"fromCallLogin": "yes"},
    "1541": TO_AWAY | {"toWebLogin": "yes"},
    "1542": TO_EMPTY_GROUP | {"toWebLogin": "yes"},
    "1543": TO_AWAY | {"toCallLogin": "yes"},
    "1544": TO_GROUP | {"toCallLogin": "no"},
    "1545": {"timeLimit": "300", "timeLimtAlert": "120,soon"},
    "1546": {"timeLimit": "300", "timeLimtAlert": "120", "alertAudio": "9999999999_9.wav"},
    "1547": {"timeLimit": "300", "timeLimtAlert": "120,300"},
    "1548": {"fromRetryCount": "4"},
    "1549": {"toRetryCount": "4"},
    "1550": {"fromRingTime": "51"},
    "1551": {"toRingTime": "51"},
    "1552": MANY | {"from": SIX},
    "1553": MANY | {"to": SIX},
    "1554": {"fromCLI": "00000000099"},
    "1555": {"toCLI": "00000000099"},
    "1556": FROM_AGENT | {"fromStrategy": "TO_ALL", "fromCallLogin": "yes"},
    "1557": TO_AGENT | {"toStrategy": "TO_ALL", "toCallLogin": "no"},
    "1558": {"sticky": "yes"},
    "1559": STICKY | {"stickyTimeType": "Day"},
    "1560": STICKY | {"stickyTimeValue": "two"},
    "1561": TO_AGENT | {"stickyTimeType": "day"},
    "1562": STICKY | {"stickyAgentBusy": "giveUp"},
    "1563": TO_GROUP | {"queueTimeout": "0"},
    "1564": FROM_AGENT | {"fromWebLogin": "maybe"},
    "1565": FROM_AGENT | {"fromCallLogin": ""},
    "1566": TO_AGENT | {"toWebLogin": "maybe"},
    "1567": TO_AGENT | {"toCallLogin": "maybe"},
    "1568": {"queueTimeout": "60"},
    "1569": {"reqId": "x" * 51},
    "1570": {"dndFilter": "all"},
    "1571": FROM_AGENT | {"dndFilter": "from"},
    "1572": TO_AGENT | {"dndFilter": "both"},
    "1573": {"from": ON_DND, "dndFilter": "from"},
    "1574": {"to": ON_DND},
    "1576": {"from": "9000000001,9000000003"},
    "1577": {"to": "9000000002,9000000003"},
    "1578": FROM_AWAY,
    "1579": TO_AWAY,
    "1580": FROM_GROUP | TO_AGENT | {"fromCLI": "AGENT_CLI"},
    "1581": FROM_AGENT | TO_GROUP | {"toCLI": "AGENT_CLI"},
    "1582": FROM_AGENT | {"from": "12", "fromCLI": "AGENT_CLI"},
    "1583": TO_AGENT | {"to": "12", "toCLI": "AGENT_CLI"},
    "1584": {"fromCLI": "AGENT_CLI"},
    "1585": FROM_AGENT | TO_GROUP | {"fromCLI": "AGENT_CLI"},
}
#: The page gives no rule that could lead to these.
REACHED_BY_FAULT = {"1501", "1539", "1575"}

VALID = [
    {},
    {"from": "09000000001", "to": "919000000002"},
    {"fromType": "agent", "from": "11"},
    FROM_AGENT | {"fromCLI": "AGENT_CLI", "fromWebLogin": "yes", "fromCallLogin": "yes"},
    TO_AGENT | {"fromCLI": "AGENT_CLI"},
    TO_GROUP | {"queueTimeout": "30"},
    TO_EMPTY_GROUP,
    STICKY | {"stickyTimeType": "day", "stickyTimeValue": "2", "stickyAgentBusy": "retrySame"},
    MANY | {"from": "9000000001,9000000003", "fromStrategy": "TO_ALL"},
    {"fromRingTime": "50", "toRingTime": "1", "fromRetryCount": "0", "toRetryCount": "3"},
    {"timeLimit": "400", "timeLimtAlert": "120,300", "alertAudio": "1000000001_1.wav"},
    {"ringTone": "1000000001_2.wav", "fromCLI": "00000000001", "toCLI": "00000000001"},
    {"from": ON_DND},
    {"timeLimitAlert": "not the vendor's spelling, so not read"},
]


def changed(changes):
    return {name: text for name, text in (GOOD | changes).items() if text is not None}


def new_desk(world=WORLD, now=lambda: NOW):
    return Desk(Exchange(world), Ledger(), now)


def ask(desk, changes=None, *, method="POST", reused=False):
    """Put one request to the desk and give the row it wrote."""
    moment = Moment(NOW, 0)
    request = Request(method, ENDPOINT, moment, moment, query=urlencode(changed(changes or {})))
    desk.answer(request, reused=reused)
    return desk.ledger.rows()[-1]


def test_every_documented_code_has_a_request_here():
    """The table below leaves out no code of the vendor's page and invents none."""
    assert set(REACHED_BY_RULE) | REACHED_BY_FAULT == DOCUMENTED
    assert set(MESSAGES) == DOCUMENTED
    assert len(DOCUMENTED) == 89


@pytest.mark.parametrize(("code", "changes"), REACHED_BY_RULE.items())
def test_a_rule_gives_each_code_and_rings_nobody(code, changes):
    """One request reaches each code that a rule can give."""
    row = ask(new_desk(), changes)
    assert (row.verdict, row.placed, row.rings) == (code, False, ())


@pytest.mark.parametrize("code", sorted(REACHED_BY_FAULT | set(EXTRA_MESSAGES) | {"1999"}))
def test_a_fault_gives_the_codes_no_rule_can_give(code):
    """Any code, also one nobody documented, can be put into an answer."""
    desk = new_desk()
    desk.faults.add(Fault(do="code", code=code))
    row = ask(desk)
    assert (row.verdict, row.placed, row.fault) == (code, False, "code")


@pytest.mark.parametrize("changes", VALID)
def test_a_right_call_is_placed(changes):
    """What the page allows is placed."""
    row = ask(new_desk(), changes)
    assert (row.verdict, row.placed) == ("200", True)
    assert len(row.call_id) == 26


@pytest.mark.parametrize(("code", "changes"), REACHED_BY_RULE.items())
def test_developer_mode_refuses_the_same(code, changes):
    """Developer mode validates exactly as live mode does."""
    assert ask(new_desk(), changes | {"mode": "developer"}).verdict == code


@pytest.mark.parametrize("gives_id", [True, False])
def test_developer_mode_accepts_without_ringing(gives_id):
    """A right developer call is accepted and rings nobody, with or without a call id."""
    world = WORLD.model_copy(update={"developer_call_id": gives_id})
    row = ask(new_desk(world), {"mode": "developer"})
    assert (row.verdict, row.placed, row.rings, bool(row.call_id)) == ("200", False, (), gives_id)


@pytest.mark.parametrize("mode", ["live", "Developer", "dev", ""])
def test_a_mistyped_mode_rings(mode):
    """Every mode that is not exactly `developer` rings: the sandbox assumes the worst."""
    assert ask(new_desk(), {"mode": mode}).placed


def test_an_absent_mode_is_the_campaigns():
    """Without a mode the campaign's own decides, which is the vendor's live by default."""
    campaign = Campaign(default_mode="developer")
    world = World(accounts={"00000001": Account(campaigns={GOOD["token"]: campaign})})
    assert ask(new_desk()).placed
    assert not ask(new_desk(world)).placed


def test_a_get_rings_as_a_post_does():
    """GET places a call, as the real API does, and the ledger says it was a GET."""
    row = ask(new_desk(), method="GET")
    assert (row.method, row.placed) == ("GET", True)


def test_the_order_of_rules_can_be_shuffled():
    """A request with two mistakes gets either code once the order is drawn."""
    world = WORLD.model_copy(update={"shuffle_order": True})
    desk = new_desk(world)
    twice_wrong = {"toRingTime": "99", "fromStrategy": "RANDOM"}
    assert {ask(desk, twice_wrong).verdict for _ in range(40)} == {"1551", "1522"}


def test_an_agent_is_busy_until_the_simulated_hang_up():
    """An agent on a call is refused with 1578 or 1579 and free again when the call ends."""
    clock = [NOW]
    desk = new_desk(now=lambda: clock[0])
    first = ask(desk, FROM_AGENT)
    assert ask(desk, FROM_AGENT).verdict == "1578"
    assert ask(desk, TO_AGENT).verdict == "1579"
    clock[0] = first.rings[-1].end + desk.exchange.world.habits.talk[1]
    assert ask(desk, TO_AGENT).verdict == "200"


@pytest.mark.parametrize(
    ("over", "verdict"),
    [("429", "http_429"), ("503", "http_503"), ("code", "1999")],
)
def test_a_request_over_the_rate_is_turned_away(over, verdict):
    """After the burst, a request in the same instant gets what the limits say."""
    limits = Limits(calls_per_second=2, burst=2, over_rate=over)
    desk = new_desk(limited(limits))
    rows = [ask(desk) for _ in range(3)]
    assert [row.verdict for row in rows] == ["200", "200", verdict]
    assert not rows[-1].placed


def test_a_slowed_account_waits_its_turn():
    """With `slow`, each request over the rate waits one gap longer and is then decided."""
    exchange = Exchange(limited(Limits(calls_per_second=2, over_rate="slow")))
    waits = [exchange.patience(GOOD, NOW) for _ in range(3)]
    assert waits == [timedelta(0), timedelta(seconds=0.5), timedelta(seconds=1)]
    assert exchange.decide(GOOD, NOW).placed


def test_legs_are_limited():
    """A call takes two legs until it ends, and one that finds none is turned away."""
    clock = [NOW]
    desk = new_desk(limited(Limits(concurrent_legs=2)), now=lambda: clock[0])
    assert [ask(desk).verdict for _ in range(2)] == ["200", "http_429"]
    clock[0] += timedelta(minutes=10)
    assert ask(desk).verdict == "200"


def test_the_meter_refills_at_its_rate():
    """A refused charge takes nothing, and one gap later there is one token."""
    meter = Meter()
    charge = [
        meter.charge(NOW + timedelta(seconds=at), rate=1, burst=2, queue=False)
        for at in (0, 0, 0, 0.5, 1, 1)
    ]
    zero, one = timedelta(0), timedelta(seconds=1)
    assert charge == [zero, zero, one, timedelta(seconds=0.5), zero, one]


def test_an_undocumented_code_has_words_too():
    """A code from no table is answered with a text that says nothing."""
    assert message("1999") == "Unknown error"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"accounts": {}, "phones": []}', "phones"),
        ('{"accounts": {}, "habits": {"setup": 5}}', "habits.setup"),
        ('{"accounts": {}, "latency": {"median": "5s", "p99": "1s"}}', "p99"),
        (
            '{"accounts": {"00000001": {"campaigns": {}, "groups": {"2": {"members": ["9"]}}}}}',
            "groups.2.members",
        ),
        ('{"accounts": {}, "dnd": ["+919000000001"]}', "dnd"),
        ('{"accounts": {}, "habits": {"picks_up": [0.5, 1]}}', "picks_up"),
        ('{"accounts": {}, "habits": {"talk": ["5m", "1m"]}}', "talk"),
        ("[", "JSON"),
    ],
)
def test_a_wrong_world_names_the_field(text, field):
    """A configuration that breaks a rule is refused with the field's name."""
    with pytest.raises(ValueError, match=field):
        World.from_json(text)


def test_a_world_survives_json():
    """A world written as JSON reads back the same, durations in words."""
    assert World.from_json(WORLD.model_dump_json()) == WORLD


def test_no_token_is_shown():
    """Neither the world's text nor the ledger shows a token."""
    assert "sandbox-token" not in repr(WORLD)
    row = ask(new_desk())
    assert "sandbox-token" not in repr(row)
    assert "token" not in row.params


def limited(limits):
    account = WORLD.accounts["00000001"].model_copy(update={"limits": limits})
    return WORLD.model_copy(update={"accounts": {"00000001": account}})
