"""`pianovivo auth`: tokens from a local key, for the demo, tests and small offices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.obstacles import Obstacle
from deploy.standalone import ensure_local_key
from shared import settings
from shared.auth import Role, load_or_create_key
from shared.auth import issue as issue_token
from shared.settings import Settings

app = typer.Typer(help="Access tokens.", no_args_is_help=True)


@app.callback()
def tokens() -> None:
    """Access tokens."""


@app.command("issue")
def issue(
    organisation: Annotated[str, typer.Option(help="aler-bcm, comune-019036, ...")],
    role: Annotated[Role, typer.Option(help="What the organisation is in the ambito")],
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
