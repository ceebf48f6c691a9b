"""`dialer up`, `dialer sandbox` and `dialer demo`: processes, loaded when asked for."""

from typing import Annotated

import typer


def up(
    *,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Practise: a stand-in for the API; rings nobody.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    no_flower: Annotated[bool, typer.Option("--no-flower", help="No dashboard.")] = False,
    no_api: Annotated[bool, typer.Option("--no-api", help="No HTTP service.")] = False,
) -> None:
    """Run the whole stack in this terminal until Ctrl-C."""
    from dialer.local.up.commands import Options  # noqa: PLC0415 - only this command needs it
    from dialer.local.up.run import run  # noqa: PLC0415 - same

    options = Options(sandbox=sandbox, workers=workers, flower=not no_flower, api=not no_api)
    raise typer.Exit(run(options))


def api() -> None:
    """Take calls from other services over HTTP."""
    from dialer.api.process import run  # noqa: PLC0415 - only this command needs a web server

    raise typer.Exit(run())


def sandbox(context: typer.Context) -> None:
    """Run a stand-in for the API on loopback; it rings nobody."""
    from dialer.sandbox.process import main  # noqa: PLC0415 - only this command needs a server

    raise typer.Exit(main(context.args))


def demo() -> None:
    """Run everything once, and prove that nothing rang twice."""
    from dialer.local.demo import run  # noqa: PLC0415 - only this command needs what it starts

    raise typer.Exit(run())
