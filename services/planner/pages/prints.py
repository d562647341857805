"""What of an edition can be taken away: PDF, ODT, JSON, open data. Each is made once, off the event loop, and kept.

A document never changes under its hash, so whoever asks for the same waits for the same print.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

import structlog

from services.planner.api.document import JSON, ODT, PDF, ZIP
from services.planner.document.canonical import read_document
from services.planner.document.odt import odt_of
from services.planner.document.package import package_of
from services.planner.document.press import printed
from services.planner.store import documents
from shared.db import Database

log = structlog.get_logger()
Ending = Literal["pdf", "odt", "json", "zip"]
MIMES: Final[dict[Ending, str]] = {"pdf": PDF, "odt": ODT, "json": JSON, "zip": ZIP}
KEPT: Final = 24
"""Prints of one process: all four of the six editions that were asked for last."""


class Print(NamedTuple):
    """One file of one document."""

    digest: str
    ending: Ending


@dataclass
class Prints:
    """What one database's documents were printed as, and what is being printed."""

    kept: OrderedDict[Print, bytes] = field(default_factory=OrderedDict)
    running: dict[Print, asyncio.Task[bytes]] = field(default_factory=dict)

    def end(self, wanted: Print, task: asyncio.Task[bytes]) -> None:
        del self.running[wanted]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("print-failed", document=wanted.digest, ending=wanted.ending, exc_info=error)
            return
        self.kept[wanted] = task.result()
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)


_prints: WeakKeyDictionary[Database, Prints] = WeakKeyDictionary()


def begin(db: Database, wanted: Print, licence: str) -> None:
    """Have it made, unless it is there or being made."""
    prints = _prints.setdefault(db, Prints())
    if wanted not in prints.kept and wanted not in prints.running:
        task = prints.running[wanted] = asyncio.create_task(_made(db, wanted, licence))
        task.add_done_callback(partial(prints.end, wanted))


def size_of(db: Database, wanted: Print) -> int | None:
    """In bytes; None while it is not made."""
    content = _prints.setdefault(db, Prints()).kept.get(wanted)
    return None if content is None else len(content)


async def content_of(db: Database, wanted: Print, licence: str, patience: float | None) -> bytes | None:
    """The file; None if it is not made after so many seconds, and goes on being made."""
    begin(db, wanted, licence)
    prints = _prints[db]
    if wanted in prints.kept:
        prints.kept.move_to_end(wanted)
        return prints.kept[wanted]
    task = prints.running[wanted]
    done, _ = await asyncio.wait({task}, timeout=patience)
    return task.result() if done else None


async def _made(db: Database, wanted: Print, licence: str) -> bytes:
    async with db.reading() as session:
        kept = await documents.content_of(session, wanted.digest)
    assert kept is not None, "a step’s document is kept in its transaction, and nothing is ever deleted"
    ambito, content = kept
    if wanted.ending == "json":
        return content
    document = await asyncio.to_thread(read_document, content)
    if wanted.ending == "pdf":
        return await printed(document)
    if wanted.ending == "odt":
        return await asyncio.to_thread(odt_of, document)
    return await asyncio.to_thread(package_of, document, ambito, licence)
