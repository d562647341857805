"""The command `pianovivo`: the services' own commands, and those that concern all of them."""

from __future__ import annotations

import gc
import logging
import sys
from importlib import import_module

import typer

from shared.settings import Settings, SettingsError, load

GROUPS = {
    "intake": "services.intake.cli",
    "registry": "services.registry.cli",
    "planner": "services.planner.cli",
    "notifier": "services.notifier.cli",
    "auth": "deploy.auth",
    "topics": "deploy.topics",
    "dlq": "deploy.dead_letters",
}
SINGLE = {
    "up": "deploy.standalone",
    "rebuild": "deploy.rebuild",
    "lag": "deploy.topics",
    "demo": "deploy.demo.runner",
}


def assemble(asked: str | None) -> typer.Typer:
    """All commands; or only the one asked for, so that a service that comes back imports nothing but itself."""
    app = typer.Typer(
        help="Piano Vivo: the housing plan of an ambito, true every day.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    every = asked not in GROUPS.keys() | SINGLE.keys()
    for name, module in GROUPS.items():
        if every or name == asked:
            app.add_typer(import_module(module).app, name=name)
    for name, module in SINGLE.items():
        if every or name == asked:
            app.command(name)(getattr(import_module(module), name))
    if not every:
        app.callback()(lambda: None)  # keeps the name of a lone command
    return app


def main() -> None:
    logging.basicConfig(
        level=logging.CRITICAL
    )  # what stops a command is told once, by it; services log as they are set
    gc.disable()  # of what is loaded nothing is garbage, and looking for it takes a tenth of the time
    try:
        commands = assemble(sys.argv[1] if len(sys.argv) > 1 else None)
        gc.enable()
        commands()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None
    except Exception as error:
        from deploy import obstacles  # drivers of bus and database, which most commands do without

        sentence = obstacles.sentence(error, load(Settings))
        if sentence is None:
            raise
        raise SystemExit(sentence) from None


if __name__ == "__main__":
    main()
