"""
`dialer sandbox` and `dialer demo`: commands that run something, loaded when asked for.
"""

import typer

#: The sandbox reads its own options, and has its own --help.
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def sandbox(context: typer.Context) -> None:
    """Run a stand-in for the API on loopback; it rings nobody."""
    from dialer.sandbox.process import main  # noqa: PLC0415 - only this command needs a server

    raise typer.Exit(main(context.args))


def demo() -> None:
    """Run everything once, and prove that nothing rang twice."""
    from dialer.demo import run  # noqa: PLC0415 - only this command needs what it starts

    raise typer.Exit(run())
