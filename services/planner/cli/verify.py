"""`pianovivo planner verify`: whether a copy of the plan's document says what was handed out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
import typer

from services.planner.cli.files import configured_home, refusal
from services.planner.cli.published import AsJson, SourceFile
from services.planner.document.canonical import is_sealed, read_document
from services.planner.document.model import Document
from services.planner.document.verification import Discrepancy, discrepancies, hashes_in
from services.planner.store import documents, journal
from shared.db import Database

SHOWN = 20
"""Discrepancies that are told one by one."""
Against = Annotated[
    Path | None,
    typer.Option(help="The published JSON; without it what this planner has handed out.", exists=True, dir_okay=False),
]


class Kept(NamedTuple):
    """A document that was handed out, and the place of its link in the event log as it reads today; None: nowhere."""

    document: Document
    entry: int | None


def verify_command(file: SourceFile, against: Against = None, as_json: AsJson = False) -> None:
    """Verify a copy of the plan's document, PDF, saved page or JSON: exit 0 if it is, 1 with what differs and where."""
    content = file.read_bytes()
    kept = _published(against) if against else asyncio.run(_handed_out(content))
    found = discrepancies(kept.document, content)
    log_holds = kept.entry is not None or against is not None
    if as_json:
        typer.echo(orjson.dumps(_as_json(kept, found, log_holds), option=orjson.OPT_INDENT_2).decode())
    else:
        _tell(kept, found, log_holds)
    raise typer.Exit(0 if log_holds and not found else 1)


def _published(file: Path) -> Kept:
    try:
        document = read_document(file.read_bytes())
    except ValueError:
        raise refusal(f"{file} is not the JSON of a document") from None
    if not is_sealed(document):
        raise refusal(f"{file} does not have the hash that it says: it cannot be what was published")
    return Kept(document, None)


async def _handed_out(content: bytes) -> Kept:
    """The document that the file claims to be, or whose hash its content comes to."""
    db = Database(configured_home().url_for("planner"), "planner", application="pianovivo-planner-verify")
    try:
        async with db.reading() as session:
            for digest in hashes_in(content):
                held = await documents.content_of(session, digest)
                if held is not None:
                    ambito, packed = held
                    document = read_document(packed)
                    return Kept(document, await journal.place_of_link(session, ambito, document.edition.log_head))
    finally:
        await db.close()
    raise refusal("this planner has handed out no document with a hash that is in the file: give the JSON as --against")


def _tell(kept: Kept, found: list[Discrepancy], log_holds: bool) -> None:
    document, edition = kept.document, kept.document.edition
    verdict = "DIFFERS from" if found else "is"
    typer.echo(
        f"{verdict} version {edition.version} of {document.cover.ambito}, {edition.reference_on}, {edition.hash}"
    )
    for one in found[:SHOWN]:
        typer.echo(f"  {one.place}: published {one.published!r}, presented {one.presented!r}")
    if len(found) > SHOWN:
        typer.echo(f"  and {len(found) - SHOWN} more")
    if not log_holds:
        typer.echo(f"  the event log of today has no link {edition.log_head}: it is not the log this was made of")
    elif kept.entry is not None:
        typer.echo(f"  made of the first {kept.entry} events of the log, unchanged since")


def _as_json(kept: Kept, found: list[Discrepancy], log_holds: bool) -> dict[str, object]:
    edition = kept.document.edition
    return {
        "same": not found,
        "version": edition.version,
        "hash": edition.hash,
        "log_head": edition.log_head,
        "audit_head": edition.audit_head,
        "log_entries": kept.entry,
        "log_holds": log_holds,
        "discrepancies": [one._asdict() for one in found],
    }
