"""
The commands there are, in the order of the help.
"""

from functools import cache
from typing import Annotated, Any

import typer
import typer.core
import typer.main

import dialer
from dialer.cli import account, dead, hold, output, suppress, unconfirmed
from dialer.cli.call import call
from dialer.cli.campaign.app import app as campaign
from dialer.cli.doctor import doctor
from dialer.cli.enqueue import enqueue
from dialer.cli.explain import explain
from dialer.cli.hours import hours
from dialer.cli.jobs import cancel, list_jobs, show_job
from dialer.cli.migrate import migrate
from dialer.cli.processes import PASS_ON, demo, sandbox, up
from dialer.cli.recover import recover
from dialer.cli.status import status
from dialer.reading import plainly


class _Root(typer.core.TyperGroup):
    """Says what is wrong with an option in our words, whichever command it belongs to."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # Typer's own context
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = plainly(error.message)
            raise


app = typer.Typer(
    name="dialer",
    cls=_Root,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        output.say(f"dialer {dialer.__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda v: _version(wanted=v))
    ] = False,
) -> None:
    """Place outbound calls through Sarv's Click-to-Call: never twice, never lost."""
    del version


app.command()(up)
app.command()(demo)
app.command()(doctor)
app.command()(status)
app.command(context_settings=PASS_ON)(sandbox)
app.command()(call)
app.command()(enqueue)
app.command("jobs")(list_jobs)
app.command("job")(show_job)
app.command()(explain)
app.command()(cancel)
app.add_typer(dead.app, name="dead")
app.add_typer(unconfirmed.app, name="unconfirmed")
app.add_typer(suppress.app, name="suppress")
app.add_typer(hold.app, name="hold")
app.add_typer(account.app, name="account")
app.add_typer(campaign, name="campaign")
app.command()(hours)
app.command()(recover)
app.command()(migrate)


@cache
def command() -> Any:
    """
    Build the whole command line; `main(args=…)` runs it and ends in SystemExit.
    """
    # Calling the app itself would replace sys.excepthook, which masks numbers.
    return typer.main.get_command(app)
