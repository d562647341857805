"""A section's text is written: by the API or by the page's form, in the one transaction that the caller has opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.objectives import lead_of
from services.planner.domain.texts.catalogue import TextSection
from services.planner.domain.texts.markdown import Fault
from services.planner.domain.texts.telling import Numbers, faults_of
from services.planner.store import texts as store
from services.planner.store.decisions import announced
from services.planner.tables.texts import SectionTextRow
from shared.arrivals import Arrival, Shape
from shared.bus import outbox
from shared.events import Office, SectionWritten
from shared.events.base import LongText
from shared.events.decisions import TEXT_LIMIT
from shared.problem_texts import Text


class NewText(Shape):
    """Testo di una sezione: what is written by which office, over which `revision`; 0 where there is none yet."""

    markdown: Annotated[str, Field(max_length=TEXT_LIMIT)]
    office: Office
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]
    note: LongText | None = None


class Unwritable(Exception):
    """The text cannot be saved, for what is wrong on some of its lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


class Rewritten(Exception):
    """The section's last text, if it has any, is another than the one that was written over."""

    def __init__(self, rows: Sequence[SectionTextRow], base: int) -> None:
        super().__init__(f"{len(rows)} revisions")
        texts = {row.revision: row.markdown for row in rows}
        self.before, self.now = texts.get(base, ""), rows[0].markdown if rows else ""
        self.author = (rows[0].organisation, rows[0].revision, rows[0].written_on) if rows else None
        """Who wrote the last one, its number, and when."""


async def write_text(
    session: AsyncSession, arrival: Arrival, numbers: Numbers, section: TextSection, wanted: NewText
) -> SectionTextRow:
    """The next revision, written down and told.

    Raises:
        Unwritable: something in the text is not admitted, or names no figure, or nothing has changed.
        Rewritten: the last revision is another than the text was written over.
    """
    ambito, first_year = numbers.plan.ambito, numbers.plan.triennium.first_year
    markdown = wanted.markdown.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if faults := faults_of(markdown, numbers):
        raise Unwritable(faults)
    await store.open_book(session, ambito)
    rows = await store.revisions_of(session, ambito, first_year, section.code)
    last = rows[0].revision if rows else 0
    if wanted.revision != last:
        raise Rewritten(rows, wanted.revision)
    if markdown == (rows[0].markdown if rows else ""):
        raise Unwritable((Fault(1, _SAME, _SAME_REMEDY),))
    row = SectionTextRow(
        ambito=ambito,
        first_year=first_year,
        section=section.code,
        revision=last + 1,
        markdown=markdown,
        organisation=arrival.who.organisation,
        office=wanted.office,
        written_on=arrival.on,
        note=wanted.note or "",
        recorded_at=arrival.at,
    )
    session.add(row)
    outbox.put(session, [announced(_subject(row), ambito, _event(row), arrival.at, arrival.traceparent)])
    return row


def _subject(row: SectionTextRow) -> str:
    return f"{row.ambito}/{row.first_year}/{row.section}/{row.revision}"


def _event(row: SectionTextRow) -> SectionWritten:
    return SectionWritten(
        **row.model_dump(include={"ambito", "first_year", "section", "revision", "markdown", "organisation"}),
        municipality=lead_of(row.ambito),
        office=Office(row.office),
        on=row.written_on,
        note=row.note or None,
    )


_SAME = Text("Il testo è quello già scritto.", "The text is the one that is written already.")
_SAME_REMEDY = Text("Non c’è nulla da salvare.", "There is nothing to save.")
