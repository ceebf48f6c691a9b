"""The container image and the compose file name only what exists."""

import importlib.util
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from celery.bin.celery import celery

from dialer.cli.app import COMMANDS
from dialer.sandbox.world import DEFAULT_WORLD
from dialer.settings import Settings
from dialer.text.duration import parse_duration

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one.get("image") == "outbound-dialer"}
SERVERS = {name: one for name, one in SERVICES.items() if name not in OURS}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def server_options(service: str) -> dict[str, str]:
    """The options a server is started with."""
    words = shlex.split(SERVICES[service]["command"][-1].split("exec ")[1].replace("\\\n", " "))
    return {
        word.removeprefix("--"): value for word, value in pairwise(words) if word.startswith("--")
    }


def check_exists(words: list[str]) -> None:
    """A command is one of Celery's, or one of our modules."""
    match words:
        case ["celery", "-A", module, name, *_]:
            assert name in celery.commands
        case ["python", "-m", module, *_]:
            pass
        case ["dialer", name]:
            assert name in COMMANDS
            module = "dialer.cli"
        case _:
            raise AssertionError(words)
    assert importlib.util.find_spec(module) is not None


def test_what_the_services_are():
    """Store and broker are two servers; all the others are one image."""
    assert set(SERVERS) == {"store", "broker"}
    assert set(OURS) == {"worker", "beat", "flower", "sandbox", "api"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_exist(name):
    """Each container of ours runs something that is installed in it."""
    check_exists(OURS[name]["command"])


def test_health_of_a_worker_is_asked_with_a_command_that_exists():
    """The worker's health check is a Celery command, given the addresses by the entry point."""
    kind, line = OURS["worker"]["healthcheck"]["test"]
    words = shlex.split(line.replace("$$", "$"))
    assert (kind, words[0]) == ("CMD-SHELL", "entrypoint")
    check_exists(words[1:])


@pytest.mark.parametrize("name", ["api", "flower", "sandbox"])
def test_health_checks_in_python_compile(name):
    """A health check that is a piece of Python is one."""
    *words, code = OURS[name]["healthcheck"]["test"]
    assert words == ["CMD", "python", "-c"]
    compile(code, name, "exec")


def test_store_keeps_what_it_acknowledges():
    """The store has what `dialer doctor` asks for, and the sizes that keep records compact."""
    options = server_options("store")
    assert options["appendonly"] == "yes"
    assert options["appendfsync"] == "always"
    assert options["maxmemory-policy"] == "noeviction"
    assert options["hash-max-listpack-value"] == "2048"
    assert SERVERS["store"]["volumes"] == [f"store:{options['dir']}"]


def test_data_does_not_depend_on_the_folders_name():
    """Whatever the checkout is called, it is the same data; no key is too new for old Compose."""
    assert set(COMPOSE) == {"x-dialer", "x-server", "services", "volumes", "secrets"}
    assert all(one["name"] == f"dialer_{name}" for name, one in COMPOSE["volumes"].items())


def test_broker_refuses_when_full():
    """The broker drops no doorbell in silence."""
    assert server_options("broker")["maxmemory-policy"] == "noeviction"


def test_no_password_is_written_down():
    """Each password is a file that must be there; the campaign token goes to workers only."""
    for one in SERVICES.values():
        assert not [name for name in one.get("environment", {}) if "PASSWORD" in name]
        assert set(one.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    assert [name for name, one in SERVICES.items() if "token" in one.get("secrets", [])] == [
        "worker"
    ]


def test_entry_point_reads_each_secret():
    """Each secret of our containers is handed to the settings under a name that they know."""
    text = (ROOT / "ops/entrypoint").read_text()
    secrets = {name for one in OURS.values() for name in one.get("secrets", [])}
    assert set(re.findall(r"/run/secrets/(\w+)", text)) == secrets
    names = re.findall(r"export (DIALER_\w+)=", text)
    env = dict.fromkeys(names, "value") | {
        "DIALER_REDIS_URL": "redis://store/0",
        "DIALER_BROKER_URL": "redis://broker/0",
        "DIALER_FLOWER__USER": "admin",
        "DIALER_ACCOUNTS__DEFAULT__USER_ID": "00000001",
    }
    assert Settings.load(env=env).accounts["default"].token_file is not None


def test_flower_is_open_to_this_machine_only_and_asks_for_a_login():
    """Flower's port is published on loopback, and the settings accept its environment."""
    flower = OURS["flower"]
    assert [port.startswith("127.0.0.1:") for port in flower["ports"]] == [True]
    env = {k: v for k, v in flower["environment"].items() if k != "DIALER_CONFIG"}
    with_login = Settings.load(env={**env, "DIALER_FLOWER__PASSWORD": "made-up"})
    assert with_login.flower.address == "0.0.0.0"


def test_only_flower_and_the_http_service_can_be_reached_and_from_this_machine_alone():
    """Ports are published on loopback; inside, the service listens for its container."""
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert set(published) == {"flower", "api"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    env = {k: v for k, v in OURS["api"]["environment"].items() if k != "DIALER_CONFIG"}
    assert Settings.load(env=env).api.address == "0.0.0.0"


def test_a_worker_may_finish_what_is_on_the_wire():
    """Compose waits longer for a worker than a worker for its calls."""
    grace = parse_duration(OURS["worker"]["stop_grace_period"])
    assert grace > Settings().worker.shutdown_grace


def test_sandbox_serves_loopback_in_the_network_of_the_worker():
    """The sandbox is started on request only, and reachable by the worker alone."""
    sandbox = OURS["sandbox"]
    assert sandbox["profiles"] == ["sandbox"]
    assert sandbox["network_mode"] == "service:worker"


def test_account_to_try_it_with_is_one_that_the_sandbox_knows():
    """What the first lines say to write into dialer.toml and secrets/token is taken."""
    text = (ROOT / "docker-compose.yml").read_text()
    said = dict(re.findall(r'^#   (user_id|base_url) = "(.+)"$', text, re.MULTILINE))
    (token,) = re.findall(r"echo (\S+) > secrets/token", text)
    assert token in DEFAULT_WORLD.accounts[said["user_id"]].campaigns
    settings = Settings.load(
        env={
            "DIALER_ACCOUNTS__DEFAULT__USER_ID": said["user_id"],
            "DIALER_ACCOUNTS__DEFAULT__TOKEN": token,
            "DIALER_ACCOUNTS__DEFAULT__BASE_URL": said["base_url"],
        }
    )
    assert f":{OURS['sandbox']['command'][-1]}/" in settings.accounts["default"].base_url


def test_image_is_small_in_what_it_may_do():
    """The image runs as nobody in particular, without our source in its working directory."""
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    (user,) = re.findall(r"^USER (\d+)$", final, re.MULTILINE)
    assert f"useradd --uid {user} " in final
    assert int(user) > 0
    assert "WORKDIR /var/lib/dialer" in final
    assert "--constraint constraints.txt" in DOCKERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert all((ROOT / path).exists() for paths in copied for path in paths.split())
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(let_in) == {path for paths in copied for path in paths.split()}
