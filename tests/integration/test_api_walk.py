"""The walk of ops/http with curl alone, clients in other languages, and a fuzzer."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apikit import CALL, SCOPES, Api, emptied, serving, settings_for

from dialer.local.embedded_server import EmbeddedServer

ROOT = Path(__file__).parents[2]
#: How long the fuzzer goes on, in `make http-fuzz`; else a few examples of each route.
SECONDS = int(os.environ.get("HTTP_FUZZ_SECONDS", "0"))


@pytest.fixture
def api(redis_server: EmbeddedServer) -> Iterator[Api]:
    emptied(redis_server)
    with serving(settings_for(redis_server)) as running:
        yield running


def surroundings(api: Api) -> dict[str, str]:
    """What a script is given."""
    key = api.key("enqueue", "read", "operate")
    return {"PATH": os.environ["PATH"], "DIALER_URL": api.url, "DIALER_KEY": key}


def test_the_walk_does_what_it_says_with_curl_alone(api: Api) -> None:
    """As it is written: each answer is the one that its heading promises."""
    done = subprocess.run(
        ["sh", ROOT / "ops/http/walk.sh"],
        env=surroundings(api),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    answers = [json.loads(line) for line in done.stdout.splitlines() if line]
    first, again, by_key, taken_back, _, listed, started, before, paused, during, on, why = answers
    assert (first["verdict"], again["verdict"]) == ("created", "duplicate")
    assert (first["barrier"], first["id"]) == ("scheduled", by_key["id"])
    assert taken_back["state"] == "cancelled"
    assert (listed["accepted"], listed["state"]) == (10_000, "done")
    assert [one["state"] for one in (started, paused, on)] == ["running", "paused", "running"]
    assert (before["total"], during["because"]) == (10_000, "it is paused")
    assert why["calls"][0]["reasons"]


@pytest.mark.parametrize(
    ("name", "program"), [("python", sys.executable), ("node", "node"), ("php", "php")]
)
def test_a_client_of_the_page_works_as_written(
    api: Api, tmp_path: Path, name: str, program: str
) -> None:
    """Where there is an interpreter, the example of ops/http.md hands a call in."""
    if not shutil.which(program):
        pytest.skip(f"no {program} here")
    text = (ROOT / "ops/http.md").read_text()
    (example,) = re.findall(rf"^```{name}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    script = tmp_path / f"example.{'mjs' if name == 'node' else name}"
    script.write_text(example)
    done = subprocess.run(
        [program, script],
        env=surroundings(api),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "created" in done.stdout
    assert api.get("/v1/calls?key=order-17").json()["data"]


def known_to_fuzzer(api: Api) -> str:
    """Make one of each, and write how schemathesis comes by them: else it would only see 404."""
    campaign = {"call": {"from": "9000000001"}, "columns": {"to": "phone"}}
    api.dialer.campaigns.define("fuzzed", campaign)
    upload = "phone\n" + "".join(f"92{nth:08d}\n" for nth in range(50))
    headers = {"Content-Type": "text/csv"}
    path = "/v1/campaigns/fuzzed/contacts"
    brought = api.ask("POST", path, data=upload, headers=headers).json()["id"]
    called = api.post("/v1/calls", {**CALL, "key": "fuzzed"}).json()["id"]
    words = {
        "ids": [called, brought, "fuzzed:1:1"],
        "names": ["fuzzed", "default"],
        "numbers": ["9000000001", "9100000001", "9200000007", "12"],
        "waits": ["0s", "1s"],
        "rows": [1, 7, 50],
        "keys": ["fuzzed", "key-1", "key-2"],
    }
    bound = {
        "path.id": ("ids", 0.5),
        "path.name": ("names", 0.6),
        "path.row": ("rows", 0.7),
        "path.account": ("names", 0.5),
        "path.key": ("keys", 0.5),
        "query.key": ("keys", 0.5),
        # Else a call that is there is waited for until the client loses patience.
        "query.wait": ("waits", 1.0),
        "header.Idempotency-Key": ("keys", 0.3),
        **{f"body.{name}": ("numbers", 0.6) for name in ("from", "to", "number", "numbers[*]")},
        **{f"body.{name}": ("ids", 0.4) for name in ("id", "ids[*]")},
    }
    lines = [f"[dictionaries.{name}]\nvalues = {json.dumps(ones)}" for name, ones in words.items()]
    lines.append("[parameters]")
    lines += [
        f'"{name}" = {{ dictionary = "{ones}", probability = {often} }}'
        for name, (ones, often) in bound.items()
    ]
    return "\n".join(lines)


def test_no_request_that_a_fuzzer_finds_is_answered_outside_the_reference(
    api: Api, tmp_path: Path
) -> None:
    """Every check of schemathesis, over every route."""
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        f"{known_to_fuzzer(api)}\n"
        "[checks.positive_data_acceptance]\n"
        'expected-statuses = ["2xx", 400, 401, 403, 404, 409, 410, 412, 413, 422, 428]\n'
        "[checks.negative_data_rejection]\n"
        'expected-statuses = ["4xx"]\n'
    )
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [f"{api.url}/v1/openapi.json", "--checks", "all"]
    command += ["--max-time", str(SECONDS)] if SECONDS else ["--max-examples", "5"]
    command += ["--header", f"Authorization: Bearer {api.key(*SCOPES)}", "--seed", "1"]
    # Longer than the longest wait that may be asked for.
    command += ["--request-timeout", "70", "--max-response-time", "65"]
    command += ["--suppress-health-check", "all", "--no-color"]
    environ = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    found = done.stdout.partition("FAILURES")[2] or done.stdout[-6000:]
    assert done.returncode == 0, found[:20000] + done.stderr[-2000:]
    print(done.stdout[done.stdout.rfind("= WARNINGS") :])
