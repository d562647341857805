"""`pianovivo dlq`: look at the records that were set aside, send them again, or give them up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import ColumnElement, inspect, select
from sqlmodel import col

from deploy.obstacles import Obstacle, database_of, existing_installation
from deploy.topics import consumers
from shared.bus import dead_letters
from shared.bus.tables import DeadLetterRow
from shared.db import Database
from shared.settings import Settings

app = typer.Typer(help="Dead letters: records set aside with the reason.", no_args_is_help=True)
HOW_TO_NAME = "Identifier of the letter, or its beginning"
Letter = Annotated[str, typer.Argument(metavar="ID", help=HOW_TO_NAME)]
FACTS = ("id", "consumer", "kind", "code", "detail", "subject", "topic", "partition", "offset", "attempts")
OPEN = col(DeadLetterRow.resolved_at).is_(None)


@app.command("list")
def list_letters() -> None:
    """Every unresolved letter of every service."""
    rows = _letters(OPEN)
    if not rows:
        typer.echo("no dead letters")
    for row in rows:
        place = f"{row.topic}/{row.partition}@{row.offset}"
        since = f"{row.first_failed_at:%Y-%m-%d %H:%M:%S}"
        about = f"{row.subject or '-'}  {place}  attempts {row.attempts}  since {since}"
        typer.echo(f"{str(row.id)[:8]}  {row.consumer:<8}  {row.kind:<7}  {row.code:<18}  {about}")


@app.command("show")
def show(letter: Letter) -> None:
    """One letter whole: why, where, how often, headers and body; also one that is closed."""
    row = _one(letter)
    for name in FACTS:
        _tell(name, getattr(row, name))
    _tell("failed at", f"{row.first_failed_at:%Y-%m-%d %H:%M:%S}, last {row.last_failed_at:%Y-%m-%d %H:%M:%S}")
    _tell("state", _closed(row) or "open")
    record = dead_letters.record_of(row)
    _tell("key", repr(record.key))
    for name, value in record.headers:
        _tell("header", f"{name}: {value!r}")
    _tell("body", repr(record.value))


@app.command("redrive")
def redrive(
    letter: Annotated[str | None, typer.Argument(metavar="ID", help=HOW_TO_NAME)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed or refused letter")] = False,
) -> None:
    """Send a letter's record again through its topic; what waits behind it follows. Doing it twice is harmless."""
    if (letter is None) is not every:
        raise typer.BadParameter("name one letter, or --all")
    if letter is not None:
        rows = [_one_open(letter)]
    else:
        rows = _letters(OPEN, col(DeadLetterRow.kind).in_(("failed", "refused")))
    if not rows:
        typer.echo("nothing to send again: no letter is failed or refused")
    for consumer in sorted({row.consumer for row in rows}):
        asyncio.run(_redrive(consumer, [row for row in rows if row.consumer == consumer]))
    for row in rows:
        typer.echo(f"sent again: {row.id} ({row.topic}, {row.subject or 'no subject'})")


@app.command("discard")
def discard(letter: Letter, reason: Annotated[str, typer.Option(help="Why it is given up; kept")]) -> None:
    """Give a record up for good; what waits behind it goes on."""
    if not reason.strip():
        raise typer.BadParameter("say why it is given up", param_hint="--reason")
    row = _one_open(letter)
    asyncio.run(_discard(row, reason))
    typer.echo(f"given up: {row.id}")


def _tell(name: str, value: object) -> None:
    typer.echo(f"{name:>10}  {value}")


def _one(beginning: str) -> DeadLetterRow:
    """The letter with this identifier, open or closed; ends the command unless there is exactly one."""
    digits = beginning.replace("-", "")
    found: Sequence[DeadLetterRow] = ()
    if re.fullmatch("[0-9a-f]{1,32}", digits):
        first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        found = _letters(col(DeadLetterRow.id) >= first, col(DeadLetterRow.id) <= last)
    if len(found) != 1:
        count = "more than one letter begins" if found else "no letter begins"
        raise Obstacle(f"{count} with {beginning!r}: take an identifier from `pianovivo dlq list`")
    return found[0]


def _one_open(beginning: str) -> DeadLetterRow:
    row = _one(beginning)
    if closed := _closed(row):
        raise Obstacle(f"letter {row.id} is closed ({closed}): there is nothing left to do with it")
    return row


def _closed(row: DeadLetterRow) -> str | None:
    """How the letter ended; None while it is open."""
    return f"{row.resolution}, {row.resolved_at:%Y-%m-%d %H:%M:%S}" if row.resolved_at else None


def _letters(*criteria: ColumnElement[bool]) -> list[DeadLetterRow]:
    """Letters of all services, each service's in the order in which they first failed."""
    return asyncio.run(_all_letters(existing_installation(), criteria))


async def _all_letters(configured: Settings, criteria: Sequence[ColumnElement[bool]]) -> list[DeadLetterRow]:
    found = []
    for consumer in consumers():
        async with _database(configured, consumer) as db:
            found.append(await _letters_of(db, consumer, criteria))
    if not any(rows is not None for rows in found):
        raise Obstacle(
            f"no service of Piano Vivo has ever run on {database_of(configured)}: "
            "see that PIANOVIVO_DATABASE_URL and PIANOVIVO_HOME are right, or start one"
        )
    return [row for rows in found for row in rows or ()]


async def _letters_of(
    db: Database, consumer: str, criteria: Sequence[ColumnElement[bool]]
) -> Sequence[DeadLetterRow] | None:
    """None where the service has no tables."""
    async with db.reading() as session:
        connection = await session.connection()
        if not await connection.run_sync(lambda sync: inspect(sync).has_table(DeadLetterRow.__tablename__)):
            return None
        query = select(DeadLetterRow).where(col(DeadLetterRow.consumer) == consumer, *criteria)
        ordered = query.order_by(col(DeadLetterRow.first_failed_at), col(DeadLetterRow.offset))
        return (await session.execute(ordered)).scalars().all()


async def _redrive(consumer: str, rows: Sequence[DeadLetterRow]) -> None:
    async with _database(existing_installation(), consumer) as db, db.transaction() as session:
        dead_letters.redrive(session, rows)


async def _discard(row: DeadLetterRow, reason: str) -> None:
    async with _database(existing_installation(), row.consumer) as db, db.transaction() as session:
        await dead_letters.discard(session, row, reason)


@asynccontextmanager
async def _database(configured: Settings, service: str) -> AsyncIterator[Database]:
    db = Database(configured.url_for(service), service)
    try:
        yield db
    finally:
        await db.close()
