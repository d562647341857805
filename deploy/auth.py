"""`pianovivo auth`: tokens from a local key, for the demo, tests and small offices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

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
    typer.echo(local_token(settings.load(Settings), organisation, role, subject, timedelta(hours=hours)))


def local_token(configured: Settings, organisation: str, role: Role, subject: str, lifetime: timedelta) -> str:
    ensure_local_key(configured)
    return issue_token(
        load_or_create_key(configured.home / "keys" / "signing.json", kid="local"),
        organisation=organisation,
        role=role,
        ambito=configured.ambito,
        audience=configured.token_audience,
        issuer=configured.token_issuer,
        now=datetime.now(UTC),
        lifetime=lifetime,
        subject=subject,
    )
