"""What must not start says why in one sentence."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.local.embedded_server import EmbeddedServer
from dialer.store.redis.connection import connect


@pytest.mark.parametrize(
    "setting", [("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes")]
)
def test_worker_refuses_a_store_that_may_forget(tmp_path: Path, setting: tuple[str, str]):
    """It ends at once, with the rule and without a traceback."""
    with EmbeddedServer(tmp_path) as server:
        connect(server.url).config_set(*setting)
        account = {"USER_ID": "1", "TOKEN": "token", "BASE_URL": "http://127.0.0.1:9/call"}
        ran = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "workers.app", "worker"],
            env={
                **os.environ,
                "DIALER_REDIS_URL": server.url,
                "DIALER_BROKER_URL": server.broker_url,
                **{f"DIALER_ACCOUNTS__DEFAULT__{name}": value for name, value in account.items()},
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ran.returncode == 1
    assert f"Redis may forget calls it has acknowledged: {setting[0]} is {setting[1]}" in ran.stderr
    assert "Traceback" not in ran.stderr


CELERY = ("celery", "-A", "workers.app")
AWAY = {"DIALER_REDIS_URL": "redis://127.0.0.1:9/0"}


def start(folder: Path, *module: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *module],
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "variables", "sentence"),
    [
        ((*CELERY, "worker"), {}, "redis_url: is not set"),
        ((*CELERY, "beat"), {}, "redis_url: is not set"),
        (("workers.flower",), {}, "redis_url: is not set"),
        (("workers.flower",), {"DIALER_FLOWER__ADDRESS": "0.0.0.0", **AWAY}, "there is no login"),
        ((*CELERY, "beat"), {"DIALER_WIRE__DEADLIN": "5s"}, "did you mean DIALER_WIRE__DEADLINE?"),
        ((*CELERY, "worker"), AWAY, "`dialer doctor` says what to do"),
        ((*CELERY, "worker", "--autoscale=4,1"), AWAY, "--autoscale: is not supported"),
        ((*CELERY, "worker", "-P", "solo"), AWAY, "-P solo: is not supported"),
    ],
)
def test_start_without_usable_settings_is_one_sentence(
    tmp_path: Path, module: tuple[str, ...], variables: dict[str, str], sentence: str
):
    """Whatever is wrong with the settings, the process ends with its reason, and no traceback."""
    ran = start(tmp_path, *module, **variables)

    assert ran.returncode in (1, 2)
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout


def test_a_current_folder_that_is_gone_is_one_sentence(
    tmp_path: Path, redis_server: EmbeddedServer
):
    """Its high-water mark would be nowhere; Celery would take that for a broker that went away."""
    account = {"USER_ID": "1", "TOKEN": "token", "BASE_URL": "http://127.0.0.1:9/call"}
    ran = subprocess.run(
        [
            "sh",
            "-c",
            f"mkdir a && cd a && rmdir ../a && {sys.executable} -m {' '.join(CELERY)} worker",
        ],
        env={
            **os.environ,
            "DIALER_REDIS_URL": redis_server.url,
            **{f"DIALER_ACCOUNTS__DEFAULT__{name}": value for name, value in account.items()},
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "the current folder: No such file or directory" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_flower_on_a_port_that_is_taken_is_one_sentence(tmp_path: Path):
    """It names the setting that gives it another port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = start(tmp_path, "workers.flower", DIALER_FLOWER__PORT=port, **AWAY)

    assert ran.returncode == 1
    assert "set DIALER_FLOWER__PORT" in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout
