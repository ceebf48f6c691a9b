from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.errors import HoursError
from schedules.hours import CallingHours, Span


def span(opens: float, closes: float) -> Span:
    return Span(timedelta(hours=opens), timedelta(hours=closes))


OFFICE = (span(10, 13),)
WEEKDAYS = (OFFICE,) * 5

READ = [
    ("always", ((span(0, 24),),) * 7, "always"),
    ("daily 00:00-24:00", ((span(0, 24),),) * 7, "always"),
    ("daily 09:00-21:00", ((span(9, 21),),) * 7, "daily 09:00-21:00"),
    ("Mon-Fri 10:00-13:00", (*WEEKDAYS, (), ()), "Mon-Fri 10:00-13:00"),
    (
        "Mon-Fri 10:00-13:00, Sat 10:00-12:00",
        (*WEEKDAYS, (span(10, 12),), ()),
        "Mon-Fri 10:00-13:00, Sat 10:00-12:00",
    ),
    ("Mon,Tue-Fri 10:00-13:00", (*WEEKDAYS, (), ()), "Mon-Fri 10:00-13:00"),
    ("  MONDAY - friday  10:00 \u2013 13:00 ", (*WEEKDAYS, (), ()), "Mon-Fri 10:00-13:00"),
    (
        "Sat-Mon 10:00-13:00",
        (OFFICE, *[()] * 4, OFFICE, OFFICE),
        "Mon 10:00-13:00, Sat-Sun 10:00-13:00",
    ),
    (
        "Wed 14:00-18:00, 10:00-13:00",
        ((), (), (span(10, 13), span(14, 18)), *[()] * 4),
        "Wed 10:00-13:00 14:00-18:00",
    ),
    ("Wed 10:00-12:00, Wed 12:00-13:00", ((), (), OFFICE, *[()] * 4), "Wed 10:00-13:00"),
    ("Wed 10:00-13:00, Wed 11:00-12:00", ((), (), OFFICE, *[()] * 4), "Wed 10:00-13:00"),
    ("Fri 22:00-02:00", (*[()] * 4, (span(22, 26),), (), ()), "Fri 22:00-02:00"),
    ("Fri 22:00-24:00", (*[()] * 4, (span(22, 24),), (), ()), "Fri 22:00-24:00"),
    ("Fri 22:00-00:00", (*[()] * 4, (span(22, 24),), (), ()), "Fri 22:00-24:00"),
    ("Sun 9:05-9:30", (*[()] * 6, (span(9 + 5 / 60, 9.5),)), "Sun 09:05-09:30"),
    # Joined they would be 24 hours from 10:00, or 33 hours long: no range can say that.
    (
        "Tue 10:00-24:00 22:00-10:00",
        ((), (span(10, 24), span(22, 34)), *[()] * 5),
        "Tue 10:00-24:00 22:00-10:00",
    ),
    (
        "Tue 00:00-24:00 10:00-09:00",
        ((), (span(0, 24), span(10, 33)), *[()] * 5),
        "Tue 00:00-24:00 10:00-09:00",
    ),
]


@pytest.mark.parametrize(("text", "days", "written"), READ, ids=[row[0] for row in READ])
def test_reading(text: str, days: tuple[tuple[Span, ...], ...], written: str) -> None:
    """Hours are read into a week of spans, and written in one way only."""
    hours = CallingHours.parse(text)

    assert days == hours.days
    assert written == str(hours)
    assert hours == CallingHours.parse(written)


def test_preset_keeps_its_name() -> None:
    """A preset is shown by its name and means its ranges."""
    hours = CallingHours.parse("India-Commercial")

    assert str(hours) == "india-commercial"
    assert hours.ranges == "daily 09:00-21:00"
    assert hours.days == CallingHours.parse("daily 09:00-21:00").days
    assert hours == CallingHours.parse(str(hours))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "no hours at all"),
        (" , ", "no hours at all"),
        ("Mon-Fri", "no range after the last day"),
        ("Mon 10:00-12:00, Tue", "no range after the last day"),
        ("09:00-21:00", 'write "daily 09:00-21:00" or name the days'),
        ("Mon 10-12", '"10-12" is neither a day'),
        ("Mon 10:00", '"10:00" is neither a day'),
        ("Mon 10:00-12:00-14:00", '"10:00-12:00-14:00" is neither a day'),
        ("Mon-Tue-Wed 10:00-12:00", '"mon-tue-wed" is neither a day'),
        ("Mon- 10:00-12:00", '"mon-10:00-12:00" is neither a day'),
        ("Foo 10:00-12:00", '"foo" is neither a day'),
        ("Mon 10:00am-12:00", '"10:00am-12:00" is neither a day'),
        ("Mon \u0661\u0660:00-12:00", "is neither a day"),
        ("india-comercial", "nor a preset (india-commercial, "),
        ("always, Mon 10:00-12:00", '"always" stands alone'),
        ("uk, Mon 10:00-12:00", '"uk" stands alone'),
        ("Mon 10:60-12:00", "is no range of times"),
        ("Mon 24:00-02:00", "is no range of times"),
        ("Mon 22:00-24:01", "is no range of times"),
        ("Mon 22:00-26:00", "is no range of times"),
        ("Mon 10:00-10:00", "is empty: write 00:00-24:00"),
    ],
)
def test_refusing(text: str, rule: str) -> None:
    """What breaks a rule is refused by an error that quotes the text and names the rule."""
    with pytest.raises(HoursError) as caught:
        CallingHours.parse(text)

    assert str(caught.value).startswith(f'calling hours "{text}": ')
    assert rule in str(caught.value)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


RANGES = st.tuples(
    st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "daily", "Sat-Mon"]),
    st.integers(0, 1439),
    st.integers(0, 1440),
).filter(lambda row: row[1] != row[2])


@given(st.lists(RANGES, min_size=1, max_size=8))
def test_round_trip(rows: list[tuple[str, int, int]]) -> None:
    """Whatever can be read is written so that it reads the same."""
    text = ", ".join(f"{day} {clock(start)}-{clock(end)}" for day, start, end in rows)

    hours = CallingHours.parse(text)

    assert hours == CallingHours.parse(str(hours))
    assert str(hours) == str(CallingHours.parse(str(hours)))
