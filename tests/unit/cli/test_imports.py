"""What a command may load: each of these costs every start of it."""

import json
import subprocess
import sys

import pytest

#: What an interpreter has loaded before anything of ours, besides its library.
HERE = {"__main__", "dialer", "schedules"}
LOOKED_UP = "import json, sys\nfrom dialer.cli import main\nfrom dialer.cli.app import command\n"
SAY = "\nprint(json.dumps(sorted(sys.modules)))"

TYPER = {"annotated_doc", "shellingham", "typer"}
SETTINGS = {"annotated_types", "psutil", "pydantic", "pydantic_core", "typing_extensions"}
SETTINGS |= {"typing_inspection"}
#: The last one where it is installed, as it is for the tests.
REDIS = {"hiredis", "redis", "opentelemetry"}
WORDS = {"cli", "errors", "text"}
SYSTEM = {"bootstrap", "diagnosis", "domain", "machine", "maintenance", "services", "settings"}
LOOKING = {"accounts", "account_index", "holds", "jobs", "redis"}

#: For each command: foreign packages, floors of ours, nouns of the store.
MAY = {
    "--help": (TYPER, WORDS, set()),
    "status": (TYPER | SETTINGS | REDIS | {"rich"}, WORDS | SYSTEM | {"store"}, LOOKING),
    "enqueue": (TYPER | SETTINGS | REDIS, WORDS | SYSTEM | {"lists", "store"}, LOOKING),
}


def loaded(code: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOOKED_UP + code + SAY], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("command", MAY)
def test_a_command_loads_only_what_it_uses(command):
    """Neither the client of the API, nor the numbering plan, nor campaigns, nor nouns unasked."""
    foreign, ours, nouns = MAY[command]
    asked = "main(['--help'])" if command == "--help" else f"command().commands[{command!r}]"
    before, after = set(loaded("")), set(loaded(asked))

    packages = {name.partition(".")[0] for name in after} - sys.stdlib_module_names - HERE
    site = {name for name in packages if name.startswith("_")}
    assert packages - site <= foreign
    assert {name.split(".")[1] for name in after if name.startswith("dialer.")} <= ours
    assert {name.split(".")[2] for name in after if name.startswith("dialer.store.")} <= nouns
    assert {name for name in after if name.startswith("dialer.services.campaigns")} == set()
    assert before <= after


def test_what_is_loaded_is_seen():
    """A command that reads a list of contacts loads the numbering plan: the look would tell."""
    assert "phonenumbers" in loaded("import dialer.lists.rows")
