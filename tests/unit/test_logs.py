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

from dialer.logs import configure
from dialer.masking import mask
from dialer.settings import Settings
from workers import logs as workers_logs

PHONE = "9876500000"


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


def test_each_number_of_a_list_is_masked():
    """Several numbers in one parameter are several numbers."""
    assert mask("9876500000,9876500001") == "******0000,******0001"
    assert mask("9876500000%2C9876500001") == "******0000%2C******0001"
    assert mask("9876 5000 00,987650 0001") == "******0000,******0001"
    assert mask("+919876500000 +919876500001") == "******0000 ******0001"


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
    assert "CRITICAL dialer.logs: uncaught\nValueError: ******0000" in said
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
