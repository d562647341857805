"""`pianovivo auth`: tokens for programs, and the accounts of a small office's people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from deploy.obstacles import Obstacle
from deploy.standalone import ensure_local_key
from shared import settings
from shared.auth import Role, load_or_create_key
from shared.auth import issue as issue_token
from shared.civil_time import ROME
from shared.people import People
from shared.settings import Settings

app = typer.Typer(help="Access tokens for programs, and accounts for people.", no_args_is_help=True)
T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="What the person types to sign in", metavar="NAME")]
Organisation = Annotated[str, typer.Option(help="aler-bcm, comune-019036, ...")]
OfRole = Annotated[Role, typer.Option(help="What the organisation is in the ambito")]


@app.callback()
def tokens() -> None:
    """Access tokens for programs, and accounts for people."""


@app.command("issue")
def issue(
    organisation: Organisation,
    role: OfRole,
    subject: Annotated[str, typer.Option(help="Person or machine that will hold the token")] = "local",
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 365, help="How long it is valid")] = 12,
) -> None:
    """Print a token of an organisation, signed with the key in PIANOVIVO_HOME/keys."""
    configured = settings.load(Settings)
    key = _key_of(configured).absolute()
    if not key.exists():
        if configured.jwks is not None:
            raise Obstacle(
                f"there is no key to sign with: PIANOVIVO_JWKS={configured.jwks} says that tokens come from elsewhere; "
                f"ask there, or put the private key into {key}"
            )
        typer.echo(f"a new key is made in {key}: services that run on another PIANOVIVO_HOME do not know it", err=True)
    try:
        typer.echo(local_token(configured, organisation, role, subject, timedelta(hours=hours)))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; organisations are written aler-bcm or comune-019036") from None


@app.command("add")
def add(name: Name, organisation: Organisation, role: OfRole) -> None:
    """Make an account, and print its first password: the person changes it on the page "Chi sono"."""

    async def made(people: People, configured: Settings) -> str:
        return await people.make_account(name, organisation, role, configured.ambito)

    try:
        password = _with_people(made)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"{name}: {password}")


@app.command("reset")
def reset(name: Name) -> None:
    """Print a new password for an account; the sessions it has open end."""
    typer.echo(f"{name}: {_of_account(lambda people, _: people.reset_password(name))}")


@app.command("close")
def close(name: Name) -> None:
    """Close an account and end its sessions; its name is never given to anybody else."""
    _of_account(lambda people, _: people.close_account(name))
    typer.echo(f"{name}: closed")


@app.command("list")
def accounts() -> None:
    """Every account: name, organisation, role, and whether it is closed."""
    for row in _with_people(lambda people, _: people.accounts()):
        typer.echo("\t".join((row.name, row.organisation, row.role, "closed" if row.closed_at else "open")))


@app.command("log")
def log(last: Annotated[int, typer.Option(min=1, max=100_000, help="How many lines")] = 100) -> None:
    """Who signed in and out, who was refused, and what was done to accounts, the latest last."""
    for row in _with_people(lambda people, _: people.happenings(last)):
        at = row.at.astimezone(ROME).isoformat(timespec="seconds")
        typer.echo(
            "\t".join((at, row.what, row.method, row.person or "-", row.organisation or "-", row.address or "-"))
        )


@app.command("verify-log")
def verify_log(
    expect: Annotated[str, typer.Option(help="A head that was noted before: the log must still contain it")] = "",
) -> None:
    """Check that nobody has changed the log: each line is sealed with all before it. Note the head it prints."""
    found = _with_people(lambda people, _: people.audit(expect))
    if not found.is_whole:
        raise Obstacle(f"line {found.lines + 1} of the log is not what was written there, or one before it is missing")
    if not found.has_expected:
        raise Obstacle(f"the log does not contain {expect}: lines at its end were taken away, or it is another log")
    typer.echo(f"{found.lines} lines, as they were written; head {found.head or '(none)'}")


def _of_account(act: Callable[[People, Settings], Awaitable[T]]) -> T:
    try:
        return _with_people(act)
    except LookupError as error:
        raise typer.BadParameter(f"{error.args[0]}; `pianovivo auth list` names them") from None


def _with_people(act: Callable[[People, Settings], Awaitable[T]]) -> T:
    configured = settings.load(Settings)

    async def run() -> T:
        people = People(configured)
        try:
            return await act(people, configured)
        finally:
            await people.close()

    return asyncio.run(run())


def local_token(configured: Settings, organisation: str, role: Role, subject: str, lifetime: timedelta) -> str:
    ensure_local_key(configured)
    return issue_token(
        load_or_create_key(_key_of(configured), kid="local"),
        organisation=organisation,
        role=role,
        ambito=configured.ambito,
        audience=configured.token_audience,
        issuer=configured.token_issuer,
        now=datetime.now(UTC),
        lifetime=lifetime,
        subject=subject,
    )


def _key_of(configured: Settings) -> Path:
    return configured.home / "keys" / "signing.json"
