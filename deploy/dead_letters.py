"""`pianovivo dlq`: look at the records that were set aside, send them again, or give them up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.services import SERVICES
from shared import settings
from shared.bus import dead_letters
from shared.bus.tables import DeadLetterRow
from shared.db import Database

app = typer.Typer(help="Dead letters: records set aside with the reason.", no_args_is_help=True)
Letter = Annotated[str, typer.Argument(metavar="ID", help="Identifier of the letter, or its beginning")]


@app.command("list")
def list_letters() -> None:
    """Every unresolved letter of every service."""
    rows = asyncio.run(_unresolved())
    if not rows:
        typer.echo("no dead letters")
        return
    for row in rows:
        place = f"{row.topic}/{row.partition}@{row.offset}"
        since = f"{row.first_failed_at:%Y-%m-%d %H:%M:%S}"
        about = f"{row.subject or '-'}  {place}  attempts {row.attempts}  since {since}"
        typer.echo(f"{str(row.id)[:8]}  {row.consumer:<8}  {row.kind:<7}  {row.code}  {about}")


@app.command("show")
def show(letter: Letter) -> None:
    """One letter whole: why, where, how often, headers and body."""
    row = _one(letter)
    for name in ("id", "consumer", "kind", "code", "detail", "subject", "topic", "partition", "offset", "attempts"):
        typer.echo(f"{name:>10}  {getattr(row, name)}")
    record = dead_letters.record_of(row)
    for name, value in record.headers:
        typer.echo(f"{'header':>10}  {name}: {value!r}")
    typer.echo(f"{'body':>10}  {record.value!r}")


@app.command("redrive")
def redrive(
    letter: Annotated[str | None, typer.Argument(metavar="[ID]", help="One letter")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed or refused letter")] = False,
) -> None:
    """Send a letter's record again through its topic; what waits behind it follows. Doing it twice is harmless."""
    if (letter is None) is not every:
        raise typer.BadParameter("name one letter, or --all")
    rows = [_one(letter)] if letter else [r for r in asyncio.run(_unresolved()) if r.kind in ("failed", "refused")]
    for row in rows:
        asyncio.run(_redrive(row))
        typer.echo(f"sent again: {row.id} ({row.topic}, {row.subject})")


@app.command("discard")
def discard(letter: Letter, reason: Annotated[str, typer.Option(help="Why it is given up; kept")]) -> None:
    """Give a record up for good; what waits behind it goes on."""
    row = _one(letter)
    asyncio.run(_discard(row, reason))
    typer.echo(f"given up: {row.id}")


def _one(beginning: str) -> DeadLetterRow:
    found = [row for row in asyncio.run(_unresolved()) if str(row.id).startswith(beginning)]
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} unresolved letters begin with {beginning!r}: see `pianovivo dlq list`")
    return found[0]


@asynccontextmanager
async def _database(service: str) -> AsyncIterator[Database]:
    configured = settings.load(settings.Settings)
    db = Database(configured.url_for(service), service)
    try:
        yield db
    finally:
        await db.close()


async def _unresolved() -> list[DeadLetterRow]:
    rows: list[DeadLetterRow] = []
    for one in SERVICES:
        async with _database(one.name) as db:
            try:
                async with db.reading() as session:
                    rows += await dead_letters.unresolved(session, one.name)
            except (OperationalError, ProgrammingError) as error:
                typer.echo(f"{one.name}: its tables cannot be read (has it ever run?): {error.orig}", err=True)
    return rows


@asynccontextmanager
async def _writing(row: DeadLetterRow) -> AsyncIterator[AsyncSession]:
    async with _database(row.consumer) as db, db.transaction() as session:
        yield session


async def _redrive(row: DeadLetterRow) -> None:
    async with _writing(row) as session:
        dead_letters.redrive(session, [row])


async def _discard(row: DeadLetterRow, reason: str) -> None:
    async with _writing(row) as session:
        await dead_letters.discard(session, row, reason)
