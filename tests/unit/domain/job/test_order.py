import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.call.call import ClickToCall
from dialer.domain.job import order as order_module
from dialer.domain.job.order import Order
from dialer.errors import InvalidCall
from dialer.lists import Lines, read_orders
from dialer.lists.physical import LONGEST

A, B = "9876543210", "9876543211"
LINE = {"from": A, "to": B}
CALL = ClickToCall(from_=A, to=B)
INDIA = timezone(timedelta(hours=5, minutes=30))


def problems(raw, **options):
    with pytest.raises(InvalidCall) as caught:
        Order.parse(raw, **options)
    return caught.value.problems


def test_a_line_is_a_call_and_its_order():
    """Parameters and order fields stand side by side and are told apart."""
    order = Order.parse(
        LINE
        | {
            "key": "order-17",
            "account": "sales",
            "priority": 9,
            "not_before": "2030-01-31T10:00:00+05:30",
            "not_after": "2030-01-31T11:00:00Z",
            "customer": "both",
            "fromRingTime": 30,
        }
    )

    assert order == Order(
        ClickToCall(from_=A, to=B, from_ring_time=30),
        key="order-17",
        account="sales",
        priority=9,
        not_before=datetime(2030, 1, 31, 10, tzinfo=INDIA),
        not_after=datetime(2030, 1, 31, 11, tzinfo=UTC),
        customer="both",
    )


def test_defaults():
    """A bare call is for the default account, in the middle, now, and protects `to`."""
    assert Order.parse(LINE | {"key": None}) == Order(CALL)
    assert (Order(CALL).account, Order(CALL).priority, Order(CALL).customer) == ("default", 5, None)


BROKEN = [
    ("key", "", "is empty"),
    ("key", "x" * 201, "must be 1 to 200 printable characters"),
    ("key", "a\nb", "printable"),
    ("key", " a", "no space around"),
    ("key", "\ud800", "printable"),
    ("key", ["a"], "must be text, not a list"),
    ("key", 1.5, "must be text, not 1.5"),
    ("account", "Sales", '"Sales" must be 1 to 40 of a-z'),
    ("account", "a" * 41, "must be 1 to 40 of a-z"),
    ("priority", 10, "must be 0 to 9 (9 first), not 10"),
    ("priority", -1, "must be 0 to 9"),
    ("priority", True, "must be a whole number, not true"),
    ("priority", 5.0, "must be a whole number, not 5.0"),
    ("not_before", "2030-01-31T10:00:00", "needs an offset from UTC"),
    ("not_before", "2030-01-31", "needs an offset from UTC"),
    ("not_before", "tomorrow", 'must be a time such as "2030-01-31T10:00:00+05:30"'),
    ("not_before", 1_900_000_000, "must be a time such as"),
    ("not_after", "9999-12-31T23:59:59-12:00", "must be in the years 2000 to 2199"),
    ("not_after", "0001-01-01T00:00:00+12:00", "must be in the years 2000 to 2199"),
    ("customer", "agent", 'must be to or from or both, not "agent"'),
    ("customer", True, "must be to or from or both, not true"),
]


@pytest.mark.parametrize(("field", "value", "rule"), BROKEN)
def test_each_broken_rule_names_its_field(field, value, rule):
    """A bad order field is refused by name and rule, from JSON and from Python alike."""
    found = problems(LINE | {field: value})

    assert [name for name, _ in found] == [field]
    assert rule in found[0][1]
    with pytest.raises(InvalidCall) as caught:
        Order(CALL, **{field: value})
    assert caught.value.problems == found


def test_all_problems_come_together():
    """Call and order are checked in one go, and what depends on neither problem too."""
    found = problems(
        {
            "to": "98765XXXXX",
            "priority": "high",
            "not_before": "2030-01-31T10:00:00Z",
            "not_after": "2030-01-31T10:00:00Z",
            "prioritty": 1,
        }
    )

    assert found == [
        ("from", "is missing"),
        ("to", '"98765XXXXX" holds letters; write ten digits'),
        ("prioritty", "is unknown; did you mean priority?"),
        ("priority", 'must be a whole number, not "high"'),
        ("not_after", "must be later than not_before"),
    ]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (
            {"from": A, "to": 7, "toType": "Group", "customer": "to"},
            "to is no phone number here; say from",
        ),
        (
            {"from": 12, "fromType": "Agent", "to": B, "customer": "from"},
            "from is no phone number here; say to",
        ),
    ],
)
def test_the_customer_is_the_side_with_the_phone(raw, rule):
    """Rules that would protect an agent while a person's phone rings are refused."""
    assert problems(raw) == [("customer", rule)]


def test_calls_between_agents_protect_nobody():
    """Where no phone number is rung, either side may be named."""
    raw = {"from": 12, "fromType": "Agent", "to": 7, "toType": "Group"}

    assert Order.parse(raw).call.protected("to") == ()


def test_undocumented_names_are_the_accounts_to_allow():
    """An allowed name may stand among the parameters of its account's calls, and no other's."""
    raw = LINE | {"toCLI": "01140000000", "account": "sales"}
    allowed = {"sales": ["toCLI"]}

    order = Order.parse(raw, allowed_extra=allowed)
    assert order.call.extra_params == {"toCLI": "01140000000"}
    assert order == Order.parse(
        LINE | {"extra_params": {"toCLI": "01140000000"}, "account": "sales"},
        allowed_extra=allowed,
    )
    assert [field for field, _ in problems(raw)] == ["toCLI"]
    assert [field for field, _ in problems(raw | {"account": "other"}, allowed_extra=allowed)] == [
        "toCLI"
    ]
    assert [field for field, _ in problems(LINE | {"extra_params": {"reqId": "1"}})] == ["reqId"]


def test_an_allow_list_opens_nothing_documented():
    """Listing credentials or the mode as undocumented does not let them through."""
    found = problems(
        LINE | {"token": "x", "mode": "live"}, allowed_extra={"default": ["token", "mode"]}
    )

    assert {field for field, _ in found} >= {"extra_params.token", "mode"}


AGENT = {"from": 12, "fromType": "Agent"}
GROUP = {"to": 7, "toType": "Group"}


@pytest.mark.parametrize(
    ("raw", "usual", "leg"),
    [
        (LINE, "to", "to"),
        (LINE, "from", "from"),
        (LINE, "both", "both"),
        ({"from": A} | GROUP, "to", "from"),
        ({"from": A} | GROUP, "from", "from"),
        (AGENT | {"to": B}, "from", "to"),
        (AGENT | {"to": B}, "to", "to"),
        # The account's wish names that leg too, and the call keeps the digest it always had.
        (AGENT | {"to": B}, "both", "both"),
        (AGENT | GROUP, "from", "from"),
        # Who is named, with a phone, is it.
        (LINE | {"customer": "from"}, "to", "from"),
        ({"from": A, "customer": "both"} | GROUP, "to", "both"),
    ],
)
def test_the_one_leg_with_phones_is_protected_whatever_the_account_says(raw, usual, leg):
    """Where both have some the account decides, unless the line says; where none has, nobody is."""
    order = Order.parse(raw)

    assert order.with_customer(usual).customer == leg
    assert bool(order.call.protected(leg)) == bool(order.call.protected("both"))


@pytest.mark.parametrize(
    ("raw", "usual", "job_id", "digest"),
    [
        ({"from": A} | GROUP, "from", "5rycc3gfl2xpgmqyvx5naponos", "y5vkmjhl76cykr7uety32bpm5t"),
        ({"from": A} | GROUP, "both", "intu7pjobtn3rwtjvj2zxvevsh", "igxurlptcfcjzygr6aqbzdut2k"),
        (AGENT | {"to": B}, "to", "xzjyzww5lpvd74dfpi6v4rfean", "pidf3lxjb5iygef4efiw2vsvwu"),
        (AGENT | {"to": B}, "both", "4rr6ix3dzlpozcwsedwcbjnv27", "rjp4jv3jkif6ecxfxpxfkcbvof"),
        (AGENT | GROUP, "from", "qndiaeuyt2ltly2u2elbnvqhre", "m5enrhmtg5ttyzxza27tewyn6z"),
        (LINE, "both", "yjwav6avotwfctfc3nuhsncsby", "segi5t7lmutpt7d7lwihye2fox"),
    ],
)
def test_an_order_that_was_accepted_keeps_its_identity(raw, usual, job_id, digest):
    """Which side is protected is in it; a file handed in again rings nobody again."""
    assert Order.parse(raw).with_customer(usual).identity("live") == (job_id, digest)


def test_each_field_of_a_line_is_read_once(monkeypatch):
    """Neither the order that is made of it, nor its copy under another key, reads it again."""
    read, readers = [], dict(order_module._READERS)

    def noting(name):
        return lambda value: read.append(name) or readers[name](value)

    monkeypatch.setattr(order_module, "_READERS", {name: noting(name) for name in readers})
    line = LINE | {"key": "k", "priority": 3, "not_before": "2030-01-31T10:00:00Z"}
    order = Order.parse(line).with_key("unkeyed-1")

    assert sorted(read) == ["key", "not_before", "priority"]
    assert (order.key, order.priority, order.not_before.year) == ("unkeyed-1", 3, 2030)


def test_an_order_made_in_python_holds_what_was_read():
    """Text that says a time becomes that time, as in a file."""
    order = Order(CALL, not_before="2030-01-31T10:00:00Z")

    assert order.not_before == datetime(2030, 1, 31, 10, tzinfo=UTC)


def test_absurd_objects_are_refused_early():
    """Hundreds of names are not examined one by one."""
    assert problems({f"n{n}": n for n in range(101)})[0][0] == "line"


SAME = [
    {"to": f"+91{B}"},
    {"to": int(B), "fromRingTime": "20"},
    {"priority": 9},
    {"account": "default"},
]


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("key", [None, "order-17"])
def test_the_same_thing_is_one_job(change, key):
    """Spelling and priority make no other job: handing it in twice rings nobody twice."""
    assert Order.parse(LINE | {"key": key}).identity("live") == Order.parse(
        LINE | {"key": key} | change
    ).identity("live")


OTHER = [
    {"to": "9876543212"},
    {"timeLimit": 60},
    {"customer": "from"},
    {"account": "sales"},
    {"not_before": "2030-01-31T10:00:00Z"},
    {"not_after": "2030-01-31T10:00:00Z"},
]


@pytest.mark.parametrize("change", OTHER)
def test_without_a_key_the_content_is_the_key(change):
    """Any other content, the priority excepted, is another job."""
    assert Order.parse(LINE).identity("live")[0] != Order.parse(LINE | change).identity("live")[0]


@pytest.mark.parametrize("key", [None, "order-17"])
@pytest.mark.parametrize("default", ["to", "from", "both"])
def test_a_default_is_no_part_of_what_was_asked_for(default, key):
    """A line that names no customer is known under every default; one that does, under its own."""
    bare, named = Order.parse(LINE | {"key": key}), Order.parse(LINE | {"key": key})
    named = named.with_customer(default)
    assert named.identity("live") in bare.identities("live")
    assert named.identities("live") == [named.identity("live")]
    assert len(set(bare.identities("live"))) == 3


@pytest.mark.parametrize(
    ("change", "same_job", "same_digest"),
    [
        ({}, True, True),
        ({"to": "9876543212"}, True, False),
        ({"customer": "from"}, True, False),
        ({"not_after": "2030-01-31T10:00:00Z"}, True, True),
        ({"account": "sales"}, False, True),
        ({"key": "order-18"}, False, True),
    ],
)
def test_with_a_key_the_digest_tells_a_conflict(change, same_job, same_digest):
    """The same key is the same job; a digest that differs says that another call was meant."""
    first = Order.parse(LINE | {"key": "order-17"}).identity("live")
    second = Order.parse(LINE | {"key": "order-17"} | change).identity("live")

    assert (first[0] == second[0], first[1] == second[1]) == (same_job, same_digest)


def test_identity_is_scoped_by_mode_and_keeps_its_form():
    """A rehearsal's job is not the live one; an id is the same in every version."""
    order = Order(CALL, key="order-17")
    live, developer = order.identity("live")[0], order.identity("developer")[0]

    assert live != developer
    assert order.identity("live") == (
        "xirfk5yngdav26xmgfbrocqaec",
        "h66oc5bbh5r2atvfyrmkl6eemc",
    )
    assert Order.parse(LINE | {"key": "order-17", "mode": "developer"}).identity("live")[0] == (
        developer
    )


@pytest.mark.parametrize(
    ("asked", "account", "mode"),
    [
        (None, "live", "live"),
        (None, "developer", "developer"),
        ("developer", "live", "developer"),
        ("developer", "developer", "developer"),
    ],
)
def test_a_call_can_only_be_made_safer(asked, account, mode):
    """A call may be a rehearsal on a live account, never live on a developer's."""
    assert Order(ClickToCall(from_=A, to=B, mode=asked)).mode(account) == mode


def test_a_key_is_never_mistaken_for_content():
    """No key can be chosen so that it means the job of a line without one."""
    bare = Order(CALL)

    assert bare.identity("live")[0] != Order(CALL, key=bare.identity("live")[0]).identity("live")[0]


def rules(lines, **options):
    return [
        (number, [field for field, _ in found.problems] if isinstance(found, InvalidCall) else "ok")
        for number, found in read_orders(Lines(io.BytesIO(lines)), **options)
    ]


def test_a_file_of_good_and_bad_lines():
    """Each line stands for itself, counted from 1; blank ones are skipped, a first BOM ignored."""
    good = json.dumps(LINE)
    text = f'\ufeff{good}\n\n  \r\n{{"from": 1}}\n{good}\r\n'

    assert rules(text.encode()) == [(1, "ok"), (4, ["from", "to"]), (5, "ok")]


def test_a_bad_byte_costs_its_own_line_only():
    """Marks of byte order are nothing, wherever one file was put behind another."""
    good = json.dumps(LINE).encode()

    assert rules(b"\n".join([good, b'{"from": "\xff"}', b"\xef\xbb\xbf" + good])) == [
        (1, "ok"),
        (2, ["line"]),
        (3, "ok"),
    ]


@pytest.mark.parametrize(
    ("line", "field", "rule"),
    [
        ("9876543210", "line", "is not a JSON object in braces"),
        ("[]", "line", "is not a JSON object in braces"),
        ("null", "line", "is not a JSON object in braces"),
        ("{", "line", "is not a JSON object: "),
        ("{} {}", "line", "Extra data at column 4"),
        ('{"from": NaN}', "line", "NaN is no number"),
        ('{"from": -Infinity}', "line", "-Infinity is no number"),
        ('{"from": 1e999}', "from", "is neither text nor a whole number"),
        ('{"from": 1, "from": 2}', "from", "is given twice"),
        ('{"extra_params": {"a": 1, "a": 2}}', "a", "is given twice"),
        ('{"from": ' + "9" * 5000 + "}", "line", "absurdly long number"),
        ("[" * 30_000, "line", "is not a JSON object"),
        ('{"a":' * 10_000, "line", "is not a JSON object"),
        ("x" * (LONGEST + 1), "line", "is longer than 64 KiB"),
        ("x" * 1_000_000, "line", "is longer than 64 KiB"),
        ("\x00\x01\x7fELF", "line", "holds a NUL character"),
        (b"\xff\xfe", "line", "is not UTF-8; it looks like ISO-8859-1"),
        ('{"\\ud800": 1}', "\\ud800", "is no parameter"),
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "backslashreplace").decode(),
)
def test_bad_lines_are_values(line, field, rule):
    """Whatever a line holds, it comes out as a named problem."""
    octets = line if isinstance(line, bytes) else line.encode()
    [(number, found)] = read_orders([(7, octets)])

    assert number == 7
    assert isinstance(found, InvalidCall)
    assert rule in dict(found.problems)[field]


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)
names = st.one_of(
    st.sampled_from(["from", "to", "fromType", "timeLimtAlert", "key", "account", "not_before"]),
    st.sampled_from(["priority", "customer", "extra_params", "token", "mode", "sticky"]),
    st.text(),
)


@given(st.dictionaries(names, json_values))
def test_any_object_is_an_order_or_problems(raw):
    """No JSON object raises anything but InvalidCall, and its text is one printable line."""
    [(_, found)] = read_orders([(1, json.dumps(raw).encode())])

    assert isinstance(found, Order | InvalidCall)
    assert str(found).isprintable()


@given(st.binary())
def test_any_junk_is_read_without_raising(line):
    """Reading never raises, whatever the bytes."""
    assert all(isinstance(found, InvalidCall) for _, found in read_orders([(1, line)]))
