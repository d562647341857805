"""The command `pianovivo`: the services' own commands, and those that concern all of them."""

from __future__ import annotations

import typer

from deploy import auth, dead_letters, standalone, topics
from deploy.demo import runner as demo
from services.intake import cli as intake
from services.notifier import cli as notifier
from services.planner import cli as planner
from services.registry import cli as registry
from shared.settings import SettingsError

app = typer.Typer(
    help="Piano Vivo: the housing plan of an ambito, true every day.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(intake.app, name="intake")
app.add_typer(registry.app, name="registry")
app.add_typer(planner.app, name="planner")
app.add_typer(notifier.app, name="notifier")
app.add_typer(auth.app, name="auth")
app.add_typer(topics.app, name="topics")
app.add_typer(dead_letters.app, name="dlq")
app.command("lag")(topics.lag)
app.command("rebuild")(standalone.rebuild)
app.command("up")(standalone.up)
app.command("demo")(demo.demo)


def main() -> None:
    try:
        app()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
