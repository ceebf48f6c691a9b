"""
`dialer sandbox` and `dialer demo`: commands that run something, loaded when asked for.
"""

from importlib import import_module

import typer

#: The sandbox reads its own options, and has its own --help.
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def sandbox(context: typer.Context) -> None:
    """Run a stand-in for the API on loopback; it rings nobody. Options: dialer sandbox --help."""
    from dialer.sandbox.process import main  # noqa: PLC0415 - only this command needs a server

    raise typer.Exit(main(context.args))


def demo() -> None:
    """Run the main job on an embedded server, kill a worker, and prove nothing rang twice."""
    # Only the demo needs what it starts.
    raise typer.Exit(int(import_module("dialer.demo").run()))
