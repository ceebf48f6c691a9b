"""What the command line loads, and what it says of what it has not loaded."""

import subprocess
import sys

import pytest

from dialer.cli.app import COMMANDS, command

#: Of ours, all that `dialer --help` may load.
LIGHT = {"cli", "errors", "text"}
LOADED = """
import sys
from dialer.cli import main
assert main(["--help"]) == 0
print(*(name for name in sys.modules if name.startswith("dialer.")), file=sys.stderr)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_line_of_the_help_is_what_the_command_says_of_itself(name):
    """The help lists commands without loading them, and tells the same as each of them."""
    help_ = command().commands[name].help
    assert " ".join(help_.split("\n\n")[0].split()) == COMMANDS[name][1]


def test_help_loads_no_command():
    """Nor the store, the settings or the client: whoever asks what there is waits for nothing."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60
    )
    parts = {name.removeprefix("dialer.") for name in ran.stderr.split()}
    assert {part.split(".")[0] for part in parts} <= LIGHT
    assert {part for part in parts if part.startswith("cli")} == {"cli", "cli.app", "cli.output"}
