"""Flower's settings are ours alone."""

import logging
import runpy
from types import SimpleNamespace

import pytest
from flower.command import apply_options, setup_logging
from flower.views.monitor import Metrics
from tornado.web import HTTPError

from dialer.errors import SettingsError
from dialer.settings import Settings
from workers import process
from workers.flower import COMMAND, CONFIG, close_metrics, refuse_other_settings


@pytest.fixture
def options(monkeypatch):
    """Executes the configuration file as Flower does, for a [flower] section."""

    def executed(**flower):
        settings = Settings.parse({"flower": flower})
        monkeypatch.setattr(process, "process", lambda: SimpleNamespace(settings=settings))
        return runpy.run_path(str(CONFIG))

    return executed


def test_loopback_without_a_login_is_the_default(options):
    """Nobody but this machine sees Flower unless somebody says so; and looking changes nothing."""
    found = options()
    assert (found["address"], found["port"], found["basic_auth"]) == ("127.0.0.1", 5555, [])
    assert found["read_only"] is True
    assert found["max_tasks"] == 20_000


def test_login_comes_from_the_settings(options):
    """With a login in [flower], everybody has to give it, wherever Flower listens."""
    found = options(address="0.0.0.0", port=5556, user="watcher", password="made-up")
    assert found["basic_auth"] == ["watcher:made-up"]
    assert (found["address"], found["port"]) == ("0.0.0.0", 5556)


def test_other_addresses_need_a_login(options):
    """Flower does not start open to a network."""
    with pytest.raises(SettingsError, match=r"flower\.address: must be 127\.0\.0\.1 while there"):
        options(address="0.0.0.0")


@pytest.mark.parametrize(
    ("arguments", "env", "named"),
    [
        (["--basic_auth=[]"], {}, r"--basic_auth=\[\]"),
        (["--address=0.0.0.0"], {}, "--address"),
        ([], {"FLOWER_UNAUTHENTICATED_API": "true"}, "FLOWER_UNAUTHENTICATED_API"),
        ([], {"FLOWER_PORT": "80"}, "FLOWER_PORT"),
    ],
)
def test_nothing_else_may_open_it(arguments, env, named):
    """A flag, and a variable of Flower's own, is refused by name before anything starts."""
    with pytest.raises(SettingsError, match=named):
        refuse_other_settings(arguments, env)


def test_plain_start_is_accepted():
    """Without flags and variables Flower starts with what the settings say."""
    refuse_other_settings([], {"PATH": "/bin", "DIALER_FLOWER__PORT": "5556"})


def test_flower_adds_no_handler_of_its_own(monkeypatch):
    """Its lines go where ours go: what tornado would print is no JSON, and is not masked."""
    monkeypatch.setattr(
        process, "process", lambda: SimpleNamespace(settings=Settings.parse({"flower": {}}))
    )
    root = logging.getLogger()
    level = root.level
    monkeypatch.setattr(root, "handlers", [])

    apply_options("flower", list(COMMAND[1:]))
    setup_logging()

    assert (root.handlers, root.level) == ([], level)


def test_metrics_ask_for_the_login_too(monkeypatch):
    """Of itself Flower shows them to whoever asks."""
    monkeypatch.setattr(Metrics, "get", Metrics.get)

    class Stranger(Metrics):
        def __init__(self) -> None:
            pass

        def get_current_user(self) -> None:
            raise HTTPError(401)

    close_metrics()
    with pytest.raises(HTTPError, match="401"):
        Stranger().get()
