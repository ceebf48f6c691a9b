import io
import json
import logging
import sys
import threading
import warnings
from types import SimpleNamespace

import pytest
from celery.platforms import SecurityWarning
from celery.signals import celeryd_init
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.call.number import numbers_in
from dialer.machine.logs import configure
from dialer.settings import Settings
from dialer.text.masking import mask
from workers import logs as workers_logs

PHONE = "9876500000"
DEVANAGARI = {ord("0") + n: 0x966 + n for n in range(10)}
FULLWIDTH = {ord("0") + n: 0xFF10 + n for n in range(10)}


@pytest.fixture(autouse=True)
def logging_restored(monkeypatch):
    """Logging belongs to the whole process; each test gives it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def text():
    stream = io.StringIO()
    configure("debug", stream)
    return stream


@pytest.fixture
def lines():
    stream = io.StringIO()
    configure(logging.DEBUG, stream, json=True)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(error, cause=None):
    raise error from cause


@pytest.mark.parametrize(
    "written",
    [
        "9876500000",
        "09876500000",
        "919876500000",
        "+919876500000",
        "00919876500000",
        "+91 98765 00000",
        "+91-98765-00000",
        "+91 (98765) 00000",
        "91 98765 00000",
        "98765 00000",
        "98765-00000",
        "098765 00000",
        "987-650-0000",
        "987.650.0000",
        "9876 500 000",
        "(011) 2345-0000",
        "011-23450000",
        "080-2345 0000",
        "022 2345 0000",
        "%2B919876500000",
        "+14155500000",
        "987650 0000",
        "91 987650-0000",
        "98-76-500000",
        "9876 5000 00",
        "98765/00000",
        "9876.500.000",
        "1800 500 0000",
        "1860-5000000",
        "٩٨٧٦٥٠٠٠٠٠",
        "98765 00000".translate(DEVANAGARI),
        "98-76-50-00-00".translate(DEVANAGARI),
        "98765\uff0d00000".translate(FULLWIDTH),
        "98-76-50-00-00",
        "98 76 50 00 00",
        "98.76.50.00.00",
        "98_76_50_00_00",
        "9 8 7 6 5 0 0 0 0 0",
        "9-8-7-6-5-0-0-0-0-0",
        "9.8.7.6.5.0.0.0.0.0",
        "98765 - 00000",
        "98765  00000",
        "98765 -- 00000",
        "98765\t00000",
        "98765_00000",
        "98765.00000",
        "98765+00000",
        "987_650_0000",
        "987/650/0000",
        "9876-500-000",
        "98765-000-00",
        "98765 00 000",
        "987 650 00 00",
        "98-765-000-00",
        "9-876-500-000",
        "(98765)00000",
        "(98765) 00000",
        "[98765]00000",
        "(987)6500000",
        "98765\u201100000",
        "98765\u221200000",
        "98765\u200b00000",
        "98765\u202f00000",
        "98765\u00ad00000",
        "98765%2000000",
        "98765%2D00000",
        "98765%252000000",
        "%2B91%2098765%2000000",
        "%252B91%252098765%252000000",
        "+91 (0) 98765 00000",
        "+91-(0)98765-00000",
        "+91_98765_00000",
        "+91.98765.00000",
        "+91/98765/00000",
        "\uff0b91 98765 00000",
        "0091 98765 - 00000",
        "9876 50 0000",
        "98.7650.0000",
        "9 876500000",
        "9876500 000",
        "98765 000.00",
        "91.98765.00000",
        "91 9876 50 0000",
        "9\u2066876500000",
        "9876\u034f5\ufe0f00000",
        "98765\u20660\u20690000",
        "9.876500000E+09",
        "9,876500000e9",
        "9.19876500000E+11",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "to={}&x=1", "order-{}", "['{}']", "to {}, then", "%20{}", "x{}y"]
)
def test_a_number_is_masked_in_every_form_it_is_written(written, around):
    """At most the last four digits stay, whatever stands around it."""
    masked = mask(around.format(written))

    assert masked.count("******") == 1
    assert sum(character.isdigit() for character in masked.replace("%20", "")) <= 5
    assert mask(masked) == masked


@pytest.mark.parametrize("escape", ["%2c", "%0a", "%3a", "%25252c"])
def test_a_number_behind_an_escape_is_no_digest(escape):
    """With its escape it is as long as one, and of the same letters."""
    assert mask(f"{escape}9876500000") == f"{escape}******0000"


def test_foreign_text_cannot_write_lines_of_the_log(text):
    """What ends a line goes on below it, further in; what moves the cursor is replaced."""
    logging.getLogger("x").warning("by %s", "asha\r\n2026-01-01 ERROR x: forged\x1b[1A\u202e")
    head, *below = text.getvalue().split("\n")

    assert head.endswith("x: by asha")
    assert below == ["    2026-01-01 ERROR x: forged\ufffd[1A\ufffd", ""]


def test_foreign_text_in_a_traceback_stays_below_its_line(text):
    """The message of an error stands further in than any line of the log."""
    try:
        fail(ValueError("one\n2026-01-01 ERROR x: forged\x9b"))
    except ValueError:
        logging.getLogger("x").exception("broken")
    _, *below = text.getvalue().rstrip("\n").split("\n")

    assert len(below) > 3
    assert all(line.startswith("    ") for line in below)
    assert "\x9b" not in text.getvalue()


def test_json_line_escapes_foreign_text(lines):
    """A JSON line is one line and says the same."""
    logging.getLogger("x").warning("by %s", "a\n\x9b\u2028\u202eb", extra={"who": "\u2066"})
    (line,) = lines()

    assert (line["message"], line["who"]) == ("by a\n\x9b\u2028\u202eb", "\u2066")


@pytest.mark.parametrize(
    "written",
    ["9,876,500,000", "9,87,65,00,000", "919,876,500,000", "9,19,87,65,00,000"],
)
@pytest.mark.parametrize("around", ["{}", "['{}']", "phone is {}.", "x;{};y"])
def test_a_number_in_thousands_or_lakhs_is_masked(written, around):
    """As a spreadsheet shows a number that it took for an amount."""
    assert mask(around.format(written)) == around.format("******0000")


_SPACES = st.sampled_from([" ", "-", ".", "\u00a0", "\u2011", "", "", "\u200b", "\u2066"])


@given(st.lists(_SPACES, min_size=3, max_size=3), st.integers(2, 6), st.integers(2, 4))
def test_what_the_reader_of_numbers_takes_is_masked(gaps, first, second):
    """Whoever is kept from being rung by a form is not shown in it, fractions aside."""
    cut = [PHONE[:first], PHONE[first : first + second], PHONE[first + second :]]
    text = f"{gaps[2].strip('.- ')}{cut[0]}{gaps[0]}{cut[1]}{gaps[1]}{cut[2]}"
    if len(cut[2]) > 1 and "." not in (gaps[0] + gaps[1]).replace("..", ""):
        assert numbers_in(text) == [f"+91{PHONE}"]
        assert mask(text).endswith("******0000")


def test_joiners_of_words_stay_beside_a_number():
    """What nobody sees is taken out of a number, and of no word."""
    assert mask("क्\u200dष 98765\u200b00000") == "क्\u200dष ******0000"
    assert mask("क्\u200dष 12\u200b3") == "क्\u200dष 12\u200b3"


def test_each_number_of_a_list_is_masked():
    """Several numbers in one parameter are several numbers."""
    assert mask("9876500000,9876500001") == "******0000,******0001"
    assert mask("9876500000%2C9876500001") == "******0000%2C******0001"
    assert mask("9876 5000 00,987650 0001") == "******0000,******0001"
    assert mask("+919876500000 +919876500001") == "******0000 ******0001"
    assert mask("98765-00000-98765-00001") == "******0000-******0001"
    assert mask("98765 00000 98765 00001") == "******0000 ******0001"
    assert mask("row 12 98-76-50-00-00 5 times") == "row 12 ******0000 5 times"
    assert mask("91 98 76 50 00 00") == mask("0 98 76 50 00 00") == "******0000"
    assert mask("9876500000/9876500001") == "******0000/******0001"


@pytest.mark.parametrize(
    "run",
    [
        "98765000009876500001",
        "919876500000919876500001",
        "09876500000919876500001",
        "98-76-50-00-00-98-76-50-00-01",
        "98765-00000-9876500001",
        "98765_00000_98765_00001",
    ],
)
def test_run_of_two_numbers_is_masked(run):
    """Written without a gap, or with the same one all through, they are numbers all the same."""
    assert sum(character.isdigit() for character in mask(run)) <= 8


@pytest.mark.parametrize("piece", ["9", "9-", "9 - ", "(9", "98-76-", "%20", "9%20", "+9 ", "9.("])
def test_long_runs_are_read_once(piece):
    """No run of digits and what stands between them makes the mask look at it again and again."""
    assert mask(piece * 20_000) is not None


@pytest.mark.parametrize(
    "kept",
    [
        "1763872000123456",
        "job 01JD8ZQ4N7A1234567890123BC placed",
        "01234567890123456789ABCDEF",
        "task f81d4fae-7dec-11d0-a765-001234567890 done",
        "da39a3ee5e6b4b0d1234567890123bfef9560189",
        "prefix176387200012345678",
        "2026-11-23 05:18:22,123",
        "2026-11-23T05:18:22.123456+05:30",
        "20261123051822",
        "127.0.0.1:45678",
        "12345.67890 s, 0.9876543 s",
        "12345 jobs, 1000000 contacts, 20 of 20000",
        "token is missing",
        "redis://127.0.0.1:6379/0",
        "settings (c98765000001) are not those of (9876500000ab)",
        "number:9876543210123abc,e123456789012345",
        "2026-11-23T09:00:00 and 2026-11-23 09:00:00.987654 1234",
        "pid 7123 2026-11-23, 912345 2026-11-23, 7123 2026 11:00",
        "10.0.0.5:9000 1234 12, 10.0.0.5:65000/12345",
        "version 7.9000.123.456, 192.168.100.123, 3.11.9",
        "job diwali:98765:1, diwali:987654:3210",
        "took 987654 us, 0.987654 1234",
        "12/min, 120,300, 10000/20000, 300/86400",
        "23-11-2026 09:00, 23/11/2026, 05:18:59",
        "2026-11-30 17:00 to 2026-12-01 09:00, 2026/11/30 08:15:16",
        "09/11/2026 08:15, 9-11-2026 9:05, 9/11/2026",
        "20261130T162349Z, 20261130 162349, 2026_11_30_16_23, 2026-11-30-16-23-49",
        "Mon, 30 Nov 2026 16:23:49 GMT, [30/Nov/2026:16:23:49 +0530], UTC+05:30 2026",
        "[2026-11-30 16:23:49,123: INFO/MainProcess]",
        "took 98.765432 s, 98765.4 s, 9876.543 ms, PT9H30M",
        "₹ 98,765.43, 1,234,567.89, 98,76,543 rows, 9876543.21",
        "91.189.91.157, 91.189.91.157:443, 65.21.100.200 8080, 80.65.12.40 - -",
        "60 61 62 63 64 65, 9 8 7 6 5 4 3 2 1 0 1",
        "812 5 33 1024, 90/120/300/60, 70000 rows of 98765",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1 2 3 4 5 6 7 8 9 10",
        "9223372036854775807, 65536 bytes, 1048576 bytes",
        "lines 7 to 9876, pid 7123, port 65535, [98765] 123, (98765)",
        "agents 60,61,62,63,64, rows 6,543,210, ₹ 6,00,000.00, took 98.76543211 s, 9.87E+09",
        "p50 7.25 p90 8.5 p99 9.75, 99.9 %, 66.7 %",
    ],
)
def test_ids_times_and_counts_are_kept(kept):
    """A line nobody can look up is worth nothing."""
    assert mask(kept) == kept


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("POST /para?user_id=1&token=Zq-1&to=5", "POST /para?user_id=1&token=***&to=5"),
        ("token = Zq", "token = ***"),
        ("TOKEN=Zq.,", "TOKEN=***,"),
        ("token%3DZq", "token%3D***"),
        ("{'token': 'Z q', 'to': '5'}", "{'token': '***', 'to': '5'}"),
        ('{"token": "Zq"}', '{"token": "***"}'),
        (r'"{\"token\": \"Zq\"}"', r'"{\"token\": \"***\"}"'),
        ("{b'token': b'Zq'}", "{b'token': b'***'}"),
        ("[('token', 'Zq')]", "[('token', '***')]"),
        ("Account(token='Zq')", "Account(token='***')"),
        ("redis://:Zq@127.0.0.1:6379/0", "redis://:***@127.0.0.1:6379/0"),
        ("redis://user:Z@q@host/0", "redis://user:***@host/0"),
        ("{'password': 'Zq'}", "{'password': '***'}"),
    ],
)
def test_a_token_and_a_password_are_masked_where_they_are_named(said, masked):
    """However a library prints parameters, and only the value."""
    assert mask(said) == masked
    assert mask(masked) == masked


def test_a_message_and_its_arguments_are_masked(text):
    """Also arguments that are no text."""
    logging.getLogger("ours").info("from %s to %s with %r", PHONE, int(PHONE), {"token": "Zq"})

    line = text.getvalue()
    assert line.endswith("INFO    ours: from ******0000 to ******0000 with {'token': '***'}\n")


def test_a_traceback_is_masked(text):
    """The exception's text, its source line and its cause."""
    try:
        fail(ValueError("+91 98765 00000"), ConnectionError(f"/para?token=Zq-secret&to={PHONE}"))
    except ValueError:
        logging.getLogger("ours").exception("failed")

    said = text.getvalue()
    assert "ConnectionError: /para?token=***&to=******0000" in said
    assert "ValueError: ******0000" in said
    assert "Zq-secret" not in said
    assert PHONE not in said


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "kombu", "amqp", "celery.worker"])
def test_foreign_loggers_are_masked_at_debug(text, name):
    """Also one that brought a handler of its own, or kept its lines to itself."""
    foreign, own = logging.getLogger(name), io.StringIO()
    foreign.addHandler(logging.StreamHandler(own))
    foreign.propagate = False
    configure("debug", text)

    foreign.debug('%s "POST /para?token=Zq&to=%s" 200', "https://sarv.example:443", PHONE)

    assert own.getvalue() == ""
    assert '"POST /para?token=***&to=******0000" 200' in text.getvalue()


def test_a_broken_log_call_names_its_place_and_nothing_else(text, capsys):
    """The library's own report would print the arguments."""
    configure("debug", text)  # pytest adds a handler of its own, which would raise

    logging.getLogger("ours").info("%d calls", f"token=Zq {PHONE}")

    said = capsys.readouterr().err
    assert "a log line of ours at test_logs.py:" in said
    assert "could not be written: TypeError" in said
    assert "Zq" not in said
    assert PHONE not in said


def test_an_uncaught_exception_is_logged_and_masked(text):
    """In the main thread and in any other."""
    error = ValueError(PHONE)
    sys.excepthook(ValueError, error, None)

    thread = threading.Thread(target=fail, args=[LookupError(PHONE)], name="bell")
    thread.start()
    thread.join()

    said = text.getvalue()
    assert "CRITICAL dialer.logs: uncaught\n    ValueError: ******0000" in said
    assert "uncaught in bell\n" in said
    assert "LookupError: ******0000" in said


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_being_stopped_is_no_error(text, stop):
    """Ctrl-C and an exit are how processes end."""
    if stop is KeyboardInterrupt:
        sys.excepthook(stop, stop(), None)
    else:
        thread = threading.Thread(target=fail, args=[stop()])
        thread.start()
        thread.join()

    assert text.getvalue() == ""


def test_warnings_are_logged(text):
    """They would go to stderr unmasked."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn(f"odd number {PHONE}", stacklevel=1)

    assert "odd number ******0000" in text.getvalue()


def test_worker_that_runs_as_root_says_so_as_json(monkeypatch, capsys):
    """Celery warns of it before it sets its logging up; a collector reads that line too."""
    settings = Settings.parse({"log": {"format": "json"}})
    monkeypatch.setattr(workers_logs, "process", lambda: SimpleNamespace(settings=settings))
    workers_logs.connect()

    celeryd_init.send(sender="worker", instance=None, conf=None, options={})
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("you are root\nDo not", SecurityWarning, stacklevel=1)

    line = json.loads(capsys.readouterr().err)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "you are root" in line["message"]


def test_json_is_one_object_a_line_with_what_extra_holds(lines):
    """A number that looks like a phone's becomes masked text; all others stay numbers."""
    logging.getLogger("ours").warning(
        "placed\nto %s",
        PHONE,
        extra={
            "job": "01JD8ZQ4N7A1234567890123BC",
            "at_us": 1763872000123456,
            "number": int(PHONE),
            "params": {"to": [PHONE, None, True], "token": "Zq"},
            PHONE: 1,
            "level": "lost",
        },
    )

    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "ours",
        "message": "placed\nto ******0000",
        "job": "01JD8ZQ4N7A1234567890123BC",
        "at_us": 1763872000123456,
        "number": "******0000",
        "params": {"to": ["******0000", None, True], "token": "***"},
        "******0000": 1,
    }


def test_json_carries_a_traceback_masked(lines):
    """On the same line."""
    try:
        fail(ValueError(f"token=Zq&to={PHONE}"))
    except ValueError:
        logging.getLogger("ours").exception("failed", stack_info=True)

    (line,) = lines()
    assert line["error"].endswith("ValueError: token=***&to=******0000")
    assert line["stack"].startswith("Stack (most recent call last)")


def test_lower_levels_are_not_written():
    """And configuring again replaces the handler instead of doubling lines."""
    stream = io.StringIO()
    configure("info", stream)
    configure("warning", stream)

    logging.getLogger("ours").info("small")
    logging.getLogger("ours").warning("great")

    assert stream.getvalue().count("\n") == 1
    assert "great" in stream.getvalue()


def test_an_unknown_level_is_refused_and_nothing_changes(text):
    """The handler stays."""
    with pytest.raises(ValueError, match="LOUD"):
        configure("loud", io.StringIO())

    logging.getLogger("ours").info("still here")
    assert "still here" in text.getvalue()


def test_times_are_utc_to_the_millisecond(text):
    """One form for all machines."""
    at = {"created": 1_000_000_000.25, "levelno": logging.INFO, "levelname": "INFO"}
    record = logging.makeLogRecord({"msg": "x", "name": "ours", **at})
    logging.getLogger("ours").handle(record)

    assert text.getvalue().startswith("2001-09-09T01:46:40.250Z ")
