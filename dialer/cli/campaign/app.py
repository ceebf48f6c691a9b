"""The commands of `dialer campaign`, in the order of the help."""

import typer

from dialer.cli.campaign import contacts, define, show, steer

app = typer.Typer(help="Lists of people to ring, day by day.", no_args_is_help=True)

app.command("create")(define.create)
app.command("set")(define.change)
app.command("import")(contacts.import_contacts)
app.command("list")(show.list_campaigns)
app.command("show")(show.show)
app.command("preflight")(show.preflight)
app.command("start")(steer.start)
app.command("pause")(steer.pause)
app.command("resume")(steer.resume)
app.command("cancel")(steer.cancel)
app.command("move")(contacts.move)
app.command("remove")(contacts.remove)
app.command("forecast")(show.forecast)
app.command("forget")(steer.forget)
