import re
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from dialer.errors import SettingsError
from dialer.machine.run_directory import Addresses
from dialer.settings import Settings, without_login
from dialer.settings.discovery import addresses
from dialer.settings.names import Names
from dialer.text.duration import format_duration, parse_duration

EXAMPLE = Path(__file__).parents[3] / "dialer.example.toml"
TOKEN = "made-up-token-Zq"
ACCOUNT = {"user_id": "000042", "token": TOKEN}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(toml: str = "", env: dict[str, str] | None = None) -> Settings:
    Path("dialer.toml").write_text(toml, encoding="utf-8")
    return Settings.load(env=env or {})


def complaints(toml: str = "", env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(toml, env)

    text = str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in shown
    assert "input_value" not in shown
    return text.splitlines()


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_a_whole_number_with_a_unit(text, duration):
    """What a person writes is read as exactly that long."""
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("30", "without a unit"),
        ("", "write a whole number and a unit"),
        ("1.5s", "write a whole number and a unit"),
        ("-3s", "write a whole number and a unit"),
        ("3 s", "write a whole number and a unit"),
        ("30S", "write a whole number and a unit"),
        ("٣s", "write a whole number and a unit"),
        ("1h30m", "write a whole number and a unit"),
        ("3651d", "too long"),
        ("999999999999h", "too long"),
    ],
)
def test_a_duration_that_could_mean_two_things_is_refused(text, rule):
    """Every refusal shows the rule."""
    with pytest.raises(ValueError, match=rule):
        parse_duration(text)


@pytest.mark.parametrize("text", ["250ms", "1s", "90s", "5m", "36h", "7d", "1500ms", "0ms"])
def test_a_written_duration_is_read_again(text):
    """Writing and reading are inverse."""
    assert format_duration(parse_duration(text)) == text


def test_no_file_and_no_variable_is_valid_and_has_no_accounts():
    """Whoever needs no account is not asked for one."""
    settings = Settings.load(env={})

    assert settings.accounts == {}
    assert settings.redis_url is None


def test_an_account_that_is_missing_is_named_with_those_there_are():
    """The error lists the accounts, or says where to write the first."""
    with pytest.raises(SettingsError, match=r"write \[accounts.default\] in dialer.toml"):
        Settings().account()
    with pytest.raises(SettingsError, match=r"accounts.sale: .*the accounts are north, south"):
        Settings.parse({"accounts": {"south": ACCOUNT, "north": ACCOUNT}}).account("sale")


def test_the_defaults_are_careful():
    """An account that says nothing rings nobody, slowly, within hours."""
    account = Settings.parse({"accounts": {"default": ACCOUNT}}).account()

    assert account.name == "default"
    assert account.mode == "developer"
    assert (account.calls_per_second, account.burst) == (1.0, 1)
    assert account.calling_hours == "india-commercial"
    assert account.extra_params == ()
    assert account.correlation_param is None


def test_the_example_shows_every_setting_with_its_default():
    """Copying the example changes nothing but the account."""
    settings = Settings.load(EXAMPLE, env={})
    text = EXAMPLE.read_text(encoding="utf-8")

    assert settings == Settings.parse({"accounts": {"default": {"user_id": "000000"}}})
    assert [
        path
        for path in Names(Settings)._settings
        if not re.search(rf"^(# )?{path[-1]} = ", text, re.MULTILINE)
    ] == []


def test_a_variable_wins_over_the_file():
    """Each variable replaces one value and leaves its neighbours."""
    settings = load(
        """
        [wire]
        deadline = "20s"
        connect_timeout = "3s"
        [accounts.sales_north]
        user_id = "000042"
        """,
        {
            "DIALER_WIRE__DEADLINE": "25s",
            "DIALER_ACCOUNTS__SALES_NORTH__TOKEN": TOKEN,
            "DIALER_ACCOUNTS__SALES_NORTH__BURST": "3",
            "DIALER_ACCOUNTS__SALES_NORTH__EXTRA_PARAMS": "toCLI, reqId",
            "DIALER_WORKER__CONCURRENCY": "4",
            "UNRELATED": "1",
        },
    )

    assert settings.wire.deadline == timedelta(seconds=25)
    assert settings.wire.connect_timeout == timedelta(seconds=3)
    assert settings.worker.concurrency == 4
    account = settings.account("sales_north")
    assert account.endpoint_token() == TOKEN
    assert account.burst == 3
    assert account.extra_params == ("toCLI", "reqId")


def test_digits_in_a_variable_stay_text_where_text_is_meant():
    """A user id or a token of digits keeps its leading zeros."""
    env = {
        "DIALER_ACCOUNTS__DEFAULT__USER_ID": "00042",
        "DIALER_ACCOUNTS__DEFAULT__TOKEN": "007",
    }
    account = load(env=env).account()

    assert account.user_id == "00042"
    assert account.endpoint_token() == "007"


def test_the_file_is_the_one_in_dialer_config(tmp_path):
    """DIALER_CONFIG names the file, an argument beats it, and a missing one is an error."""
    Path("a.toml").write_text('[beat]\ntick = "7s"', encoding="utf-8")
    Path("b.toml").write_text('[beat]\ntick = "8s"', encoding="utf-8")
    env = {"DIALER_CONFIG": "a.toml"}

    assert Settings.load(env=env).beat.tick == timedelta(seconds=7)
    assert Settings.load(tmp_path / "b.toml", env).beat.tick == timedelta(seconds=8)
    with pytest.raises(SettingsError, match=r"c.toml: cannot be read: No such file"):
        Settings.load(env={"DIALER_CONFIG": "c.toml"})


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("wire = 5", "wire in dialer.toml: is a section"),
        ("[wire]\ndeadlin = '3s'", "wire.deadlin in dialer.toml: .*did you mean wire.deadline?"),
        ("deadlines = '3s'", "deadlines in dialer.toml: .*did you mean (jobs|wire).deadline?"),
        ("[retry.agnt]\ncap = '3s'", "retry.agnt.cap in .*: .*did you mean retry.agent.cap?"),
        ("[pacerr]", "pacerr in dialer.toml: is no setting"),
        ("zzz = 1", "zzz in dialer.toml: is no setting; dialer.example.toml lists them$"),
        (
            "[accounts.north]\nuser_id = '1'\ntokn = 'x'",
            "accounts.north.tokn in .*: .*did you mean accounts.north.token?",
        ),
        ("[accounts.north]\nuser_id = '1'\nname = 'x'", "accounts.north.name in .*is no setting"),
        ("[redis_url]\na = 1", "redis_url.a in dialer.toml: is no setting"),
    ],
)
def test_an_unknown_name_in_the_file_is_named_with_its_neighbour(toml, line):
    """Nothing that was written is silently without effect."""
    (complaint,) = complaints(toml)

    assert re.match(line, complaint)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("DIALER_WORKER_CONCURRENCY", "did you mean DIALER_WORKER__CONCURRENCY?"),
        ("DIALER_REDISURL", "did you mean DIALER_REDIS_URL?"),
        ("DIALER_ACCUNTS__NORTH__TOKEN", "is no setting; did you mean DIALER_ACCOUNTS__"),
        ("DIALER_WIRE", "is a section"),
        ("DIALER_BEAT__tick", "must be written in capitals: DIALER_BEAT__TICK"),
        ("dialer_beat__tick", "must be written in capitals: DIALER_BEAT__TICK"),
    ],
)
def test_an_unknown_variable_is_named_with_its_neighbour(name, line):
    """A misspelt variable stops the program, and its value is not shown."""
    (complaint,) = complaints(env={name: TOKEN})

    assert complaint.startswith(f"{name}: ")
    assert line in complaint


@pytest.mark.parametrize("name", ["DIALER_CONFIG", "DIALER_ACCOUNTS__DEFAULT__MODE"])
def test_an_empty_variable_is_refused(name):
    """Nobody can tell whether empty means off or not set."""
    assert complaints(env={name: ""}) == [
        f"{name}: is empty; give it a value or remove the variable"
    ]


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("user_id = 42", "must be text, because a number would lose leading zeros"),
        ("user_id = ''", "must be 1 to 50 letters"),
        ("user_id = 'a&b'", "must be 1 to 50 letters"),
        ("token = 'made-up-token-Zq two'", "must be printable text without spaces"),
        ("token = ''", "must be printable text without spaces"),
        ("token = 5", "must be text in quotes"),
        ("mode = 'prod'", "must be 'developer' or 'live'"),
        ("base_url = 'sarv.example'", "must be the whole address"),
        ("base_url = 'ftp://sarv.example/'", "must be the whole address"),
        ("base_url = 'https://sarv.example:made-up-token-Zq/'", "must be the whole address"),
        ("base_url = 'https://sarv.example/?token=made-up-token-Zq'", "without a query"),
        ("base_url = 'https://u:made-up-token-Zq@sarv.example/'", "a login"),
        ("calls_per_second = 0", "must be at least 0.00001, which is one call a day"),
        ("calls_per_second = 1001", "must be at most 1000"),
        ("calls_per_second = nan", "must be a number"),
        ("calls_per_second = inf", "must be a number"),
        ("burst = 0", "must be at least 1"),
        ("burst = 1.5", "must be a whole number"),
        ("burst = true", "must not be true or false"),
        ("max_posting = 0", "must be at least 1"),
        ("max_live_calls = -1", "must be at least 0"),
        ("assumed_call = 300", 'is a number without a unit; write it like "250ms"'),
        ("assumed_call = '300'", "is a number without a unit"),
        ("assumed_call = '0s'", "must be longer than nothing"),
        ("calling_hours = 'whenever'", '"whenever" is neither a day'),
        ("holidays = 'XX'", "is neither a known region nor a date"),
        ("time_zone = 'Asia/Calcuta'", "is not in the IANA database"),
        ("extra_params = ['mode']", "must not name mode"),
        ("extra_params = ['toRetryCount']", "must not name toRetryCount"),
        ("extra_params = ['a=b']", "must be a parameter name"),
        ("extra_params = 5", "must be a list of names"),
        ("correlation_param = 'token'", "must not name token"),
        ("customer = 'nobody'", "must be 'to', 'from' or 'both'"),
    ],
)
def test_a_bad_value_of_an_account_is_refused_by_its_rule(setting, rule):
    """One line: the setting, the file, the rule; never the value of a secret."""
    name = setting.partition(" ")[0]
    user = "" if name == "user_id" else "user_id = '000042'"

    (complaint,) = complaints(f"[accounts.default]\n{user}\n{setting}")

    assert complaint.startswith(f"accounts.default.{name} in dialer.toml: ")
    assert rule in complaint


@pytest.mark.parametrize("name", ["Sales", "north-east", "a__b", "_a", "a b"])
def test_an_account_name_that_no_variable_could_spell_is_refused(name):
    """Names are a-z, 0-9 and single underscores."""
    (complaint,) = complaints(f"[accounts.'{name}']\nuser_id = '000042'")

    assert "is no account name" in complaint


@pytest.mark.parametrize(
    ("toml", "setting", "rule"),
    [
        ("durability = 'none'", "durability", "must be 'checked' or 'trusted'"),
        ("redis_url = 'http://h'", "redis_url", "must be an address like redis://"),
        ("redis_url = 'redis://h/x'", "redis_url", "must end with the number of the database"),
        ("redis_url = 'redis://h/0?db=1'", "redis_url", "without ? or #"),
        (f"redis_url = 'redis://:{TOKEN}#x@h/0'", "redis_url", "must be an address like"),
        ("[wire]\ndeadline = 30", "wire.deadline", "without a unit"),
        ("[wire]\nreuse = '31s'", "wire.reuse", "must not be longer than 30s"),
        ("[wire]\nstart_by = '31s'", "wire.start_by", "longer than wire.deadline"),
        ("[wire]\nstart_by = '1001ms'", "wire.start_by", "must not be longer than 1s"),
        ("[jobs]\nlease = '40s'", "jobs.lease", "wire.deadline + 5s = 40s; raise it or lower"),
        ("[jobs]\nquarantine = '89s'", "jobs.quarantine", "jobs.lease + wire.deadline = 90s"),
        ("[jobs]\nkey_retention = '29d'", "jobs.key_retention", "at least jobs.retention (30d)"),
        ("[jobs]\nmax_tries = 0", "jobs.max_tries", "must be at least 1"),
        ("[retry.agent]\nfactor = 0.9", "retry.agent.factor", "must be at least 1"),
        ("[retry.agent]\ncap = '59s'", "retry.agent.cap", "must be at least first (1m)"),
        ("[breaker]\nshare = 0", "breaker.share", "must be greater than 0"),
        ("[breaker]\ncap = '4s'", "breaker.cap", "must be at least first_probe (5s)"),
        ("[pacer]\nlookahead = '2s'", "pacer.lookahead", "must not be longer than pacer.horizon"),
        ("[pacer]\nlookahead = '2s'\nhorizon = '2s'", "pacer.lookahead", "not be longer than 1s"),
        ("[pacer]\nbell_timeout = '9ms'", "pacer.bell_timeout", "at least pacer.horizon"),
        ("[worker]\nshutdown_grace = '34s'", "worker.shutdown_grace", "= 35s; raise it or lower"),
        ("[flower]\naddress = '0.0.0.0'", "flower.address", "while there is no login"),
        ("[flower]\nuser = 'a'\npassword = ''", "flower.password", "must be printable"),
        ("[log]\nlevel = 'loud'", "log.level", "must be 'debug'"),
    ],
)
def test_a_rule_that_is_broken_names_the_setting(toml, setting, rule):
    """Rules between settings say which one to change, and to what."""
    (complaint,) = complaints(toml)

    assert complaint.startswith((f"{setting} in dialer.toml: ", f"{setting}: "))
    assert rule in complaint


def test_a_login_of_flower_is_two_halves():
    """A user without a password, or the reverse, would be no login."""
    assert complaints("[flower]\nuser = 'a'") == [
        "flower.password: is missing; a login is a user and a password"
    ]
    assert complaints("[flower]\npassword = 'made-up-token-Zq'") == [
        "flower.user: is missing; a login is a user and a password"
    ]
    assert load("[flower]\nuser = 'a'\npassword = 'b'\naddress = '0.0.0.0'").flower.user == "a"


def test_all_problems_are_told_at_once():
    """One line for each, in the order of the settings."""
    lines = complaints(
        "durability = 'none'\n[accounts.default]\ntoken = 5\n[beat]\ntick = 1",
        {"DIALER_JOBS__LEASE": "60"},
    )

    assert [line.partition(":")[0] for line in lines] == [
        "durability in dialer.toml",
        "accounts.default.user_id",
        "accounts.default.token in dialer.toml",
        "DIALER_JOBS__LEASE",
        "beat.tick in dialer.toml",
    ]
    assert "set DIALER_ACCOUNTS__DEFAULT__USER_ID" in lines[1]


@pytest.mark.parametrize("toml", ["a = = 3", "a = 1\na = 2", "[", "\x00"])
def test_a_file_that_is_no_toml_is_refused_with_the_place(toml):
    """The line is named."""
    (complaint,) = complaints(toml)

    assert re.match(r"dialer.toml: is not valid TOML: .*\(at (line|end)", complaint)


@pytest.mark.parametrize(
    "url",
    [
        "https://sarv.example/para",
        "http://127.0.0.1:8080/para",
        "http://[::1]:8080/para",
        "http://localhost:8080/para",
    ],
)
def test_live_mode_needs_an_address_nobody_listens_at(url):
    """Encrypted, or on this machine."""
    account = {**ACCOUNT, "mode": "live", "base_url": url}

    assert Settings.parse({"accounts": {"default": account}}).account().mode == "live"


@pytest.mark.parametrize(
    "url", ["http://sarv.example/para", "http://10.0.0.1/para", "http://localhost.example/"]
)
def test_live_mode_over_an_open_wire_is_refused(url):
    """The token would be read on the way; in developer mode it may."""
    account = {**ACCOUNT, "base_url": url}

    assert Settings.parse({"accounts": {"default": account}})
    with pytest.raises(SettingsError, match="base_url: must begin with https:// in live mode"):
        Settings.parse({"accounts": {"default": {**account, "mode": "live"}}})


def test_the_empty_query_of_the_vendors_page_is_dropped():
    """The page writes the endpoint with a question mark behind it."""
    account = {**ACCOUNT, "base_url": "https://sarv.example/para?"}

    url = Settings.parse({"accounts": {"default": account}}).account().base_url

    assert url == "https://sarv.example/para"


def test_a_token_file_is_meant_from_the_folder_of_the_settings(tmp_path):
    """It is read when the token is needed, without the line's end."""
    folder = tmp_path / "etc"
    folder.mkdir()
    file = folder / "dialer.toml"
    file.write_text("[accounts.default]\nuser_id = '1'\ntoken_file = 'token'", encoding="utf-8")
    account = Settings.load(file, {}).account()

    with pytest.raises(SettingsError, match=r"accounts.default.token_file: .*No such file"):
        account.endpoint_token()
    (folder / "token").write_text(f"{TOKEN}\n", encoding="utf-8")

    assert account.endpoint_token() == TOKEN


@pytest.mark.parametrize("content", ["", "\n", f"{TOKEN} x", f"{TOKEN}\n{TOKEN}", f"{TOKEN}é"])
def test_a_token_file_that_does_not_hold_one_token_is_refused(tmp_path, content):
    """The content is not shown."""
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    account = Settings.parse(
        {"accounts": {"default": {"user_id": "1", "token_file": str(file)}}}
    ).account()

    with pytest.raises(SettingsError, match="must hold the token alone") as caught:
        account.endpoint_token()
    assert TOKEN not in str(caught.value)


def test_a_token_is_asked_for_only_when_it_is_needed():
    """Without one everything but placing calls works, and the error says what to set."""
    account = Settings.parse({"accounts": {"north": {"user_id": "1"}}}).account("north")

    with pytest.raises(SettingsError, match="set DIALER_ACCOUNTS__NORTH__TOKEN"):
        account.endpoint_token()


def test_a_token_and_a_token_file_together_are_refused():
    """Nobody can tell which one is right."""
    with pytest.raises(SettingsError, match="token_file: is given beside token"):
        Settings.parse({"accounts": {"a": {**ACCOUNT, "token_file": "x"}}})


def test_secrets_are_shown_nowhere():
    """Neither text form of the settings holds a token or a password."""
    settings = Settings.parse(
        {
            "redis_url": "redis://:made-up-password@127.0.0.1/0",
            "accounts": {"default": ACCOUNT},
            "flower": {"user": "a", "password": "made-up-password"},
        }
    )

    for text in (repr(settings), str(settings), str(settings.account()), f"{settings.flower}"):
        assert TOKEN not in text
        assert "made-up-password" not in text


def test_the_settings_are_frozen():
    """Nobody changes them under another's feet."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().durability = "trusted"


BASE = {"redis_url": "redis://:a@h/0", "accounts": {"default": ACCOUNT}}


@pytest.mark.parametrize(
    "change",
    [
        {"redis_url": "redis://user:b@elsewhere:6379"},
        {"broker_url": "redis://:a@h/5"},
        {"accounts": {"default": {"user_id": "000042", "token": "another-made-up"}}},
        {"accounts": {"default": {"user_id": "000042", "token_file": "x"}}},
        {"worker": {"concurrency": 3}},
        {"log": {"level": "debug"}},
        {"flower": {"user": "a", "password": "b"}},
    ],
)
def test_the_fingerprint_ignores_secrets_and_what_is_one_machines_own(change):
    """Machines that work together may differ in these."""
    assert Settings.parse(BASE | change).fingerprint() == Settings.parse(BASE).fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"accounts": {"default": {**ACCOUNT, "user_id": "000043"}}},
        {"accounts": {"default": {**ACCOUNT, "mode": "live"}}},
        {"accounts": {"other": ACCOUNT}},
        {"jobs": {"max_tries": 5}},
    ],
)
def test_the_fingerprint_tells_different_settings_apart(change):
    """Everything else must agree."""
    assert Settings.parse(BASE | change).fingerprint() != Settings.parse(BASE).fingerprint()
    assert re.fullmatch("[0-9a-f]{12}", Settings.parse(BASE).fingerprint())


@pytest.mark.parametrize(
    ("redis_url", "broker_url"),
    [
        ("redis://h", "redis://h/1"),
        ("redis://:p@h:7000/", "redis://:p@h:7000/1"),
        ("rediss://u:p@h/3", "rediss://u:p@h/4"),
    ],
)
def test_the_broker_lives_beside_the_store_until_it_has_its_own(redis_url, broker_url):
    """The same server, next database."""
    settings = Settings.parse({"redis_url": redis_url})

    found = addresses(settings.redis_url, settings.broker_url)

    assert found == Addresses(redis_url, broker_url)


def test_a_broker_in_the_stores_database_is_refused():
    """However the same address is written."""
    with pytest.raises(SettingsError, match=r"broker_url: names the database of redis_url.* /1 at"):
        Settings.parse({"redis_url": "redis://h", "broker_url": "redis://:p@h:6379/0"})


def test_without_any_address_the_next_step_is_told(tmp_path):
    """There is neither a setting nor an embedded server."""
    with pytest.raises(SettingsError, match="start one with `dialer up`, to practise with"):
        addresses(None, "redis://h/1", tmp_path)


def test_an_address_without_login_keeps_its_place():
    """Enough to compare and to show."""
    assert without_login("redis://u:p@[::1]:7/2") == "redis://[::1]:7/2"
    assert without_login("rediss://h") == "rediss://h:6379/0"
