import copy
import json
import pickle
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.call.call import LANDLINES, ClickToCall
from dialer.domain.call.parameters import WIRE
from dialer.errors import InvalidCall

A, B, C = "9876543210", "9876543211", "9876543212"
TO_NUMBER = {"from": A, "to": B}
AGENT = {"from": "12", "fromType": "Agent", "to": B}
AGENTS = {"from": "12,13", "fromType": "Agent", "to": B}
GROUP = {"from": "7", "fromType": "Group", "to": B}

#: The vendor's page, top to bottom, without what belongs to the account.
DOCUMENTED = [
    "from",
    "to",
    "fromType",
    "fromStrategy",
    "toType",
    "toStrategy",
    "fromRingTime",
    "toRingTime",
    "timeLimit",
    "timeLimitHangup",
    "timeLimtAlert",
    "alertAudio",
    "ringTone",
    "fromRetryCount",
    "toRetryCount",
    "fromWebLogin",
    "fromCallLogin",
    "toWebLogin",
    "toCallLogin",
    "fromCLI",
    "sticky",
    "stickyTimeType",
    "stickyTimeValue",
    "stickyAgentBusy",
    "queueTimeout",
    "mode",
]

EVERYTHING = {
    "from": "12,13",
    "to": B,
    "fromType": "Agent",
    "fromStrategy": "ONE_BY_ONE",
    "toType": "Number",
    "fromRingTime": 30,
    "toRingTime": 25,
    "timeLimit": 600,
    "timeLimitHangup": True,
    "timeLimtAlert": [120, 300],
    "alertAudio": ["1_1.wav", "1_2.wav"],
    "ringTone": "1_3.wav",
    "fromRetryCount": 1,
    "toRetryCount": 2,
    "fromWebLogin": "yes",
    "fromCallLogin": "no",
    "fromCLI": "01140000000",
    "sticky": "yes",
    "stickyTimeType": "day",
    "stickyTimeValue": 3,
    "stickyAgentBusy": "retryTemp",
    "mode": "developer",
}


def call(**parameters):
    return ClickToCall.model_validate(TO_NUMBER | parameters)


def problems(parameters, **context):
    with pytest.raises(InvalidCall) as caught:
        ClickToCall.model_validate(parameters, context=context)
    return caught.value.problems


def test_the_table_is_the_page():
    """Names and their order are the vendor's, misspelling included; Python names are ours."""
    assert list(WIRE.values()) == DOCUMENTED
    assert set(WIRE) | {"extra_params"} == set(ClickToCall.model_fields)


def test_every_field_says_what_it_is():
    """A field's description stands in the schema, under the vendor's name."""
    schema = ClickToCall.model_json_schema()["properties"]

    assert set(schema) == {*DOCUMENTED, "extra_params"}
    assert all(field["description"] for field in schema.values())


def test_everything_at_once_is_sent_in_order():
    """All parameters are sent by name, in the page's order; the mode is the account's."""
    sent = ClickToCall.model_validate(EVERYTHING).wire()

    assert sent == {
        "from": "12,13",
        "to": B,
        "fromType": "Agent",
        "fromStrategy": "ONE_BY_ONE",
        "toType": "Number",
        "fromRingTime": "30",
        "toRingTime": "25",
        "timeLimit": "600",
        "timeLimitHangup": "true",
        "timeLimtAlert": "120,300",
        "alertAudio": "1_1.wav,1_2.wav",
        "ringTone": "1_3.wav",
        "fromRetryCount": "1",
        "toRetryCount": "2",
        "fromWebLogin": "yes",
        "fromCallLogin": "no",
        "fromCLI": "01140000000",
        "sticky": "yes",
        "stickyTimeType": "day",
        "stickyTimeValue": "3",
        "stickyAgentBusy": "retryTemp",
    }
    assert list(sent) == [name for name in DOCUMENTED if name in sent]


def test_a_bare_call_leaves_nothing_to_defaults():
    """Types, ring times and retry counts are sent although nobody gave them; nothing else is."""
    assert ClickToCall(from_=A, to=f"+91{B}").wire() == {
        "from": A,
        "to": B,
        "fromType": "Number",
        "toType": "Number",
        "fromRingTime": "20",
        "toRingTime": "20",
        "fromRetryCount": "0",
        "toRetryCount": "0",
    }


def test_undocumented_parameters_come_last():
    """What the page does not list is sent as it was given, after what it lists."""
    sent = call(extra_params={"toCLI": "01140000000", "reqId": 123}).wire()

    assert list(sent.items())[-2:] == [("toCLI", "01140000000"), ("reqId", "123")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (dict(TO_NUMBER), {"from_": int(A), "to": [f"+91 {B}"]}),
        (AGENTS | {"fromType": "agent"}, {"from_": [12, "13"], "from_type": "AGENT", "to": B}),
        (
            TO_NUMBER | {"timeLimit": "600", "timeLimtAlert": "120, 300"},
            TO_NUMBER | {"time_limit": 600, "time_limit_alert": [120, "300"]},
        ),
        (
            TO_NUMBER | {"timeLimit": 9, "timeLimitHangup": "false"},
            TO_NUMBER | {"time_limit": 9, "time_limit_hangup": False, "fromCLI": None},
        ),
        (TO_NUMBER, TO_NUMBER | {"fromRingTime": 20, "toType": "number", "extra_params": {}}),
    ],
)
def test_spelling_does_not_matter(first, second):
    """Names, case, lists, text or numbers: the same call is equal and has the same content."""
    one, other = ClickToCall.model_validate(first), ClickToCall.model_validate(second)

    assert one == other
    assert one.content() == other.content()
    assert one.wire() == other.wire()


BROKEN = [
    # Each value by itself.
    ("from", {"from": "98765XXXXX"}, '"98765XXXXX" holds letters; write ten digits'),
    ("from", {"from": 9.9}, "9.9 is neither text nor a whole number"),
    ("from", {"from": True}, "true is neither text nor a whole number"),
    ("from", {"from": ""}, "is empty"),
    ("from", {"from": []}, "is empty"),
    ("from", {"from": None}, "is missing"),
    ("from", {"from": {"a": A}}, "a dict is neither"),
    ("from", {"from": [A] * 101}, "holds 101 values"),
    ("to", {"to": f"{B},,{C}"}, "holds an empty value"),
    ("to", {"to": [B, None]}, "holds an empty value"),
    ("to", {"to": [[B]]}, "a list is neither"),
    ("to", {"to": "011-40000000"}, "a landline"),
    ("from", AGENT | {"from": "agent-12"}, '"agent-12" is no agent or group id'),
    ("from", AGENT | {"from": "१२"}, "is no agent or group id"),
    ("fromType", {"fromType": "Robot"}, 'must be Number or Agent or Group, not "Robot"'),
    ("toType", {"toType": 1}, "must be Number or Agent or Group, not 1"),
    ("fromRingTime", {"fromRingTime": 51}, "must be 1 to 50 seconds, not 51"),
    ("fromRingTime", {"fromRingTime": 0}, "must be 1 to 50 seconds, not 0"),
    ("toRingTime", {"toRingTime": -1}, "must be 1 to 50 seconds, not -1"),
    ("toRingTime", {"toRingTime": True}, "must be a whole number, not true"),
    ("toRingTime", {"toRingTime": 20.0}, "must be a whole number, not 20.0"),
    ("toRingTime", {"toRingTime": ""}, 'must be a whole number, not ""'),
    ("toRingTime", {"toRingTime": "٢٠"}, "must be a whole number"),
    ("toRingTime", {"toRingTime": 10**5000}, "must be a whole number, not a int"),
    ("fromRetryCount", {"fromRetryCount": 4}, "must be 0 to 3 retries, not 4"),
    ("toRetryCount", {"toRetryCount": -1}, "must be 0 to 3 retries, not -1"),
    ("timeLimit", {"timeLimit": 0}, "must be 1 to 86400 seconds"),
    ("timeLimit", {"timeLimit": 86_401}, "must be 1 to 86400 seconds"),
    ("timeLimitHangup", {"timeLimit": 9, "timeLimitHangup": "yes"}, "must be true or false"),
    ("timeLimitHangup", {"timeLimit": 9, "timeLimitHangup": 1}, "must be true or false, not 1"),
    ("ringTone", {"ringTone": "a b.wav"}, '"a b.wav" is no announcement id'),
    ("ringTone", {"ringTone": "a" * 51}, "must be 1 to 50 printable characters"),
    ("fromCLI", {"fromCLI": "+911140000000"}, "is no caller id in digits"),
    ("fromCLI", {"fromCLI": ""}, "is empty"),
    ("sticky", {"sticky": True}, "must be yes or no or na, not true"),
    ("mode", {"mode": "live"}, "live is set on the account, never on a call"),
    ("mode", {"mode": "test"}, "must be developer"),
    ("user_id", {"user_id": "1"}, "belongs to the account, never to a call"),
    ("token", {"token": "x"}, "belongs to the account, never to a call"),
    ("timeLimitAlert", {"timeLimitAlert": 1}, "did you mean timeLimtAlert?"),
    ("zzz", {"zzz": 1}, "is no parameter of the API"),
    ("from", {"from_": C}, "is given twice"),
    ("extra_params", {"extra_params": "x"}, "must map names to texts"),
    ("extra_params.toCLI", {"extra_params": {"toCLI": "x" * 51}}, "must be 1 to 50 printable"),
    ("extra_params.toCLI", {"extra_params": {"toCLI": 1.5}}, "must be text, not 1.5"),
    ("extra_params.toCLI", {"extra_params": {"toCLI": None}}, "must be text, not null"),
    ("extra_params.token", {"extra_params": {"token": "x"}}, "belongs to the account"),
    ("extra_params.mode", {"extra_params": {"mode": "live"}}, "is documented"),
    ("extra_params.timeLimit", {"extra_params": {"timeLimit": "1"}}, "is documented"),
    ("extra_params.a&b", {"extra_params": {"a&b": "x"}}, "is no parameter name"),
    # Two values together.
    ("from", {"from": "7,8", "fromType": "Group"}, "a Group is one id, not 2"),
    ("to", {"to": [7, 8], "toType": "Group"}, "a Group is one id, not 2"),
    ("from", {"from": "1,2,3,4,5,6", "fromType": "Agent"}, "at most 5 values, not 6"),
    ("to", {"to": [int(B) + n for n in range(5)]}, "at most 50 characters once joined"),
    ("to", {"to": f"{B},+91{B}"}, "names the same value twice"),
    ("from", AGENTS | {"from": "12,12"}, "names the same value twice"),
    ("to", {"to": f"0{A}"}, "names a value that is also in from"),
    ("fromStrategy", {"fromStrategy": "TO_ALL"}, "needs several values in from"),
    ("toStrategy", {"toStrategy": "ONE_BY_ONE"}, "needs several values in to"),
    ("timeLimitHangup", {"timeLimitHangup": True}, "needs timeLimit"),
    ("timeLimtAlert", {"timeLimtAlert": 60}, "needs timeLimit"),
    ("timeLimtAlert", {"timeLimit": 60, "timeLimtAlert": "30,60"}, "must be less than timeLimit"),
    ("timeLimtAlert", {"timeLimit": 60, "timeLimtAlert": "30,20"}, "must rise"),
    ("timeLimtAlert", {"timeLimit": 60, "timeLimtAlert": "20,20"}, "must rise"),
    ("timeLimtAlert", {"timeLimit": 60, "timeLimtAlert": 0}, "must be 1 to 86400 seconds"),
    (
        "timeLimtAlert",
        {"timeLimit": 86_400, "timeLimtAlert": list(range(10_000, 10_010))},
        "at most 50 characters once joined",
    ),
    ("alertAudio", {"alertAudio": "1.wav"}, "needs timeLimtAlert"),
    (
        "alertAudio",
        {"timeLimit": 60, "timeLimtAlert": "1,2,3", "alertAudio": "1.wav,2.wav"},
        "must be one id, or one for each of 3 alerts",
    ),
    ("fromWebLogin", {"fromWebLogin": "yes"}, "needs fromType Agent or Group"),
    ("toCallLogin", {"toCallLogin": "no"}, "needs toType Agent or Group"),
    (
        "fromCallLogin",
        AGENTS | {"fromStrategy": "TO_ALL", "fromCallLogin": "yes"},
        "does not work with fromStrategy TO_ALL",
    ),
    ("fromCLI", {"fromCLI": "AGENT_CLI"}, "AGENT_CLI needs fromType or toType Agent"),
    (
        "fromCLI",
        AGENT | {"to": "7", "toType": "Group", "fromCLI": "AGENT_CLI"},
        "does not work with toType Group",
    ),
    ("sticky", {"sticky": "yes"}, "needs exactly one of fromType and toType to be Number"),
    ("sticky", AGENT | {"to": "9", "toType": "Agent", "sticky": "yes"}, "needs exactly one"),
    ("stickyTimeType", AGENT | {"stickyTimeType": "permanent"}, "needs sticky yes"),
    ("stickyAgentBusy", AGENT | {"sticky": "no", "stickyAgentBusy": "retrySame"}, "needs sticky"),
    ("stickyTimeType", AGENT | {"sticky": "yes", "stickyTimeType": "day"}, "needs stickyTimeValue"),
    ("stickyTimeValue", AGENT | {"sticky": "yes", "stickyTimeValue": 3}, "needs stickyTimeType"),
    (
        "stickyTimeValue",
        AGENT | {"sticky": "yes", "stickyTimeType": "permanent", "stickyTimeValue": 1},
        "means nothing",
    ),
    ("queueTimeout", AGENT | {"queueTimeout": 30}, "needs fromType or toType Group"),
]


@pytest.mark.parametrize(("field", "parameters", "rule"), BROKEN)
def test_each_broken_rule_names_its_field(field, parameters, rule):
    """A call that breaks one rule is refused with the vendor's name of the field and that rule."""
    found = problems(TO_NUMBER | parameters)

    assert [name for name, _ in found] == [field]
    assert rule in found[0][1]


@pytest.mark.parametrize(
    "parameters",
    [
        AGENTS | {"fromStrategy": "TO_ALL", "fromWebLogin": "yes"},
        AGENTS | {"fromStrategy": "TO_ALL", "fromCallLogin": "na"},
        AGENT | {"sticky": "yes"},
        AGENT | {"sticky": "yes", "stickyTimeType": "permanent"},
        AGENT | {"to": "12", "toType": "Group"},
        GROUP | {"queueTimeout": 30},
        {"from": A, "to": 7, "toType": "Group", "queueTimeout": 30, "sticky": "na"},
        AGENT | {"fromCLI": "AGENT_CLI"},
        TO_NUMBER | {"to": [B, C], "toStrategy": "TO_ALL", "fromWebLogin": "na"},
        TO_NUMBER | {"timeLimit": 9, "timeLimtAlert": [1, 2], "alertAudio": "1.wav"},
    ],
)
def test_what_the_rules_allow(parameters):
    """The neighbours of broken rules are good calls."""
    assert ClickToCall.model_validate(parameters).wire()


def test_all_broken_rules_are_named_at_once():
    """One look at a bad call shows every rule it breaks, in the page's order."""
    found = problems(
        {
            "to": "98765XXXXX,98",
            "from": f"{A},{A}",
            "fromWebLogin": "yes",
            "timeLimtAlert": "5,4",
            "fromRingTime": 99,
            "queueTimeout": 3,
            "token": "x",
            "tlo": 1,
        }
    )

    assert [field for field, _ in found] == [
        "from",
        "to",
        "to",
        "fromRingTime",
        "timeLimtAlert",
        "timeLimtAlert",
        "fromWebLogin",
        "queueTimeout",
        "token",
        "tlo",
    ]


def test_a_refused_value_causes_no_second_error():
    """A rule that reads a refused value is not asked, so nobody is sent after a phantom."""
    assert problems(TO_NUMBER | {"timeLimit": "soon", "timeLimtAlert": 5}) == [
        ("timeLimit", 'must be a whole number, not "soon"')
    ]
    assert [field for field, _ in problems({"sticky": "yes", "toType": "X", "from": A})] == [
        "to",
        "toType",
    ]


def test_what_is_no_mapping_is_refused():
    """A call is an object with named parameters, nothing else."""
    with pytest.raises(InvalidCall, match="call: is not an object"):
        ClickToCall.model_validate("9876543210")


def test_landlines_are_asked_for():
    """Landlines need the context that wants them, and survive the store."""
    wanted = ClickToCall.model_validate({"from": A, "to": "011-40000000"}, context=LANDLINES)

    assert wanted.to == ("+911140000000",)
    assert ClickToCall.from_content(wanted.content()) == wanted


@pytest.mark.parametrize("parameters", [TO_NUMBER, AGENTS, GROUP, EVERYTHING])
def test_round_trips(parameters):
    """The stored text gives an equal call, and so do copies and pickles."""
    once = ClickToCall.model_validate(parameters | {"extra_params": {"toCLI": "5é"}})
    again = ClickToCall.from_content(once.content())

    assert again == once == copy.deepcopy(once) == pickle.loads(pickle.dumps(once))
    assert again.content() == once.content()
    assert again.wire() == once.wire()


@given(
    ring=st.integers(1, 50),
    retries=st.integers(0, 3),
    limit=st.one_of(st.none(), st.integers(1, 86_400)),
    agents=st.lists(st.integers(0, 10**9), min_size=1, max_size=4, unique=True),
)
def test_any_valid_call_round_trips(ring, retries, limit, agents):
    """Whatever a call holds, its payload gives it back."""
    once = ClickToCall(
        from_=agents, from_type="Agent", to=B, to_ring_time=ring, to_retry_count=retries,
        time_limit=limit,
    )  # fmt: skip

    assert ClickToCall.from_content(once.content()) == once


@pytest.mark.parametrize("text", ["", "[]", "{", '{"from": 1}'])
def test_a_damaged_payload_is_refused(text):
    """A record that is no call is an InvalidCall, not a crash of another kind."""
    with pytest.raises(InvalidCall):
        ClickToCall.from_content(text)


def test_a_call_is_immutable():
    """What was checked stays as it was."""
    with pytest.raises(ValueError, match="frozen"):
        ClickToCall(from_=A, to=B).to = ()  # type: ignore[misc]


def test_logs_show_no_number():
    """Neither repr nor str holds a whole number, a caller id or an undocumented value."""
    noisy = call(fromCLI="01140000000", extra_params={"toCLI": "01140000001"})

    for text in (repr(noisy), str(noisy), f"{noisy}"):
        assert "+91******3210" in text
        assert not any(secret in text for secret in (A, B, "40000000", "40000001"))


def test_undocumented_parameters_need_the_account():
    """Undocumented names and the magic caller id go only where the account allows them."""
    odd = ClickToCall.model_validate(
        AGENT | {"fromCLI": "AGENT_CLI", "extra_params": {"toCLI": "1", "reqId": "2"}}
    )

    odd.check_extra({"toCLI", "reqId", "AGENT_CLI"})
    with pytest.raises(InvalidCall) as caught:
        odd.check_extra(["toCLI"])

    assert [field for field, _ in caught.value.problems] == ["reqId", "fromCLI"]


@pytest.mark.parametrize(
    ("parameters", "customer", "numbers"),
    [
        (TO_NUMBER, "to", ["+91" + B]),
        (TO_NUMBER, "from", ["+91" + A]),
        (TO_NUMBER, "both", ["+91" + A, "+91" + B]),
        (TO_NUMBER | {"to": [B, C]}, "to", ["+91" + B, "+91" + C]),
        (AGENT, "both", ["+91" + B]),
        (AGENT, "from", []),
    ],
)
def test_protected_numbers(parameters, customer, numbers):
    """The rules protect the phone numbers of the customer's side, never agents."""
    assert ClickToCall.model_validate(parameters).protected(customer) == tuple(numbers)


@pytest.mark.parametrize(
    ("parameters", "customer", "lead", "rings"),
    [
        # Five seconds of set-up before each ring; 20 seconds a ring.
        (TO_NUMBER, "from", 5, 50),
        (TO_NUMBER, "to", 25 + 5, 50),
        (TO_NUMBER, "both", 25 + 5, 50),
        (TO_NUMBER | {"fromRetryCount": 3, "fromRingTime": 50}, "from", 3 * 55 + 5, 4 * 55 + 25),
        (TO_NUMBER | {"fromRetryCount": 3, "fromRingTime": 50}, "to", 4 * 55 + 5, 4 * 55 + 25),
        (TO_NUMBER | {"toRetryCount": 2}, "to", 25 + 2 * 25 + 5, 25 + 3 * 25),
        (AGENTS | {"fromRetryCount": 1}, "to", 4 * 25 + 5, 4 * 25 + 25),
        (AGENTS | {"fromRetryCount": 1, "fromStrategy": "TO_ALL"}, "to", 2 * 25 + 5, 3 * 25),
        (TO_NUMBER | {"to": [B, C]}, "to", 25 + 25 + 5, 3 * 25),
        (TO_NUMBER | {"to": [B, C], "toStrategy": "TO_ALL"}, "to", 25 + 5, 50),
        (GROUP, "to", 60 + 25 + 5, 60 + 50),
        (GROUP | {"queueTimeout": 10}, "to", 10 + 25 + 5, 10 + 50),
        ({"from": A, "to": 7, "toType": "Group"}, "from", 5, 25 + 60 + 25),
    ],
)
def test_ring_times(parameters, customer, lead, rings):
    """The last ring begins no later, and all rings end no later, than these sums of seconds."""
    timed = ClickToCall.model_validate(parameters)

    assert timed.ring_lead(customer) == timedelta(seconds=lead)
    assert timed.longest_ring() == timedelta(seconds=rings)


@pytest.mark.parametrize(
    ("parameters", "limit"),
    [
        ({}, None),
        ({"timeLimit": 60}, timedelta(minutes=1)),
        ({"timeLimit": 60, "timeLimitHangup": True}, timedelta(minutes=1)),
        ({"timeLimit": 60, "timeLimitHangup": False}, None),
    ],
)
def test_talk_limit(parameters, limit):
    """Talk ends by itself only where a limit hangs up."""
    assert call(**parameters).talk_limit == limit


@pytest.mark.parametrize(
    ("parameters", "pool"),
    [
        (TO_NUMBER, ""),
        ({"from": A, "to": 7, "toType": "Group"}, ""),
        (AGENTS | {"from": "13,5,12"}, "agent:5,12,13/web=na/call=na"),
        (AGENTS | {"fromWebLogin": "yes"}, "agent:12,13/web=yes/call=na"),
        (GROUP | {"fromCallLogin": "no"}, "group:7/web=na/call=no"),
    ],
)
def test_pools(parameters, pool):
    """Who waits for the same agents shares a pool; a plain number is none."""
    assert ClickToCall.model_validate(parameters).pool == pool


def test_content_is_canonical_json():
    """The text digests cover is JSON by wire names, sorted, without absent values."""
    content = call(extra_params={}).content()

    assert list(json.loads(content)) == sorted(json.loads(content))
    assert json.loads(content)["to"] == ["+91" + B]
    assert "null" not in content


def test_an_unseen_character_hides_no_number_in_an_error():
    """The rule names it; the number is quoted without it, so that it is masked like any other."""
    with pytest.raises(InvalidCall) as caught:
        ClickToCall.model_validate({"from": A, "to": "90000\u202e\u200b01121"})

    assert str(caught.value).startswith('to: "9000001121" holds U+202E')
