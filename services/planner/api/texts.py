"""Testi del piano: what offices write of parts 1, 2, 5, 6 and 7, by section, every revision of it and what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import AmbitoPath, Asked, PlanHead, Plans, ShortText, Whole, own, plan_in_force
from services.planner.api.material import numbers_of
from services.planner.api.text_writing import NewText, Rewritten, Unwritable, write_text
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.state import PlanState
from services.planner.domain.texts.catalogue import BY_CODE, SECTIONS, TextSection
from services.planner.domain.texts.differences import Change, differences
from services.planner.domain.texts.telling import Numbers, missing_in, tell_section
from services.planner.domain.texts.written import Written
from services.planner.store import texts as store
from services.planner.tables.texts import SectionTextRow
from shared.arrivals import Arrival, Shape, answer, arriving, not_found, once, read_value
from shared.events import Office
from shared.events.decisions import TEXT_LIMIT
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["texts"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(65_536))]
SectionPath = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,63}$", max_length=64)]
Markdown = Annotated[str, Field(max_length=TEXT_LIMIT)]
Number = Annotated[int, Query(ge=0, le=1_000_000)]
CHANGES_TOLD: Final = 20


class TextRevision(Shape):
    """Stesura di un testo: who wrote it, an organisation and its office, when, and why."""

    section: ShortText
    revision: Whole
    markdown: Markdown
    organisation: ShortText
    office: Office
    written_on: date
    note: str = Field(max_length=2000)

    @classmethod
    def of(cls, row: SectionTextRow) -> TextRevision:
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class ToldSentence(Shape):
    """A sentence or an item of a list as it is read now, and the figures in it."""

    text: str = Field(max_length=2 * TEXT_LIMIT)
    figures: list[ShortText] = Field(max_length=TEXT_LIMIT)

    @classmethod
    def of(cls, sentence: Sentence) -> ToldSentence:
        return cls(text=sentence.text, figures=list(sentence.figures))


class ToldHeading(Shape):
    """The sentences of a section, or of what is under one of its sub-headings."""

    heading: str = Field(max_length=2 * TEXT_LIMIT)
    sentences: list[ToldSentence] = Field(max_length=TEXT_LIMIT)


class PlanText(Shape):
    """Sezione di testo: the text that the plan has, as it is read now; revision 0 where nobody has written it."""

    section: ShortText
    part: Whole
    title_it: ShortText
    asked_it: ShortText
    revision: Whole
    markdown: Markdown
    organisation: ShortText | None
    office: Office | None
    written_on: date | None
    note: str = Field(max_length=2000)
    told: list[ToldHeading] = Field(max_length=TEXT_LIMIT)
    missing: list[str] = Field(max_length=TEXT_LIMIT)
    links: dict[str, str] = Field(alias="_links", max_length=10)


class TextList(PlanHead):
    """Every section, in the order of the document, as the plan has heard of it."""

    items: list[PlanText] = Field(max_length=100)


class RevisionList(Shape):
    """Everything that was written of a section, the newest first."""

    items: list[TextRevision] = Field(max_length=10_000)


class TextPiece(Shape):
    """A piece of text that is the same in both revisions, or was removed or added."""

    change: Change
    text: Markdown


class TextDifferences(Shape):
    """Pieces in order: same and removed ones are the one revision, same and added ones the other."""

    section: ShortText
    from_revision: Whole
    to_revision: Whole
    items: list[TextPiece] = Field(max_length=TEXT_LIMIT)


BODIES: Final = (NewText,)
"""Read strictly."""


@router.get(
    "/{ambito}/texts",
    operation_id="text_list",
    summary="I testi del piano, sezione per sezione",
    description="Ciò che gli uffici scrivono delle parti 1, 2, 5, 6 e 7. I numeri nei testi sono riferimenti, e si "
    "leggono come sono ora.",
)
async def listing(plans: Plans) -> TextList:
    return TextList(**plans.head.model_dump(), items=texts_in(plans, await plans.state(), SECTIONS))


@router.get(
    "/{ambito}/texts/{section}",
    operation_id="text_show",
    summary="Il testo di una sezione",
    description="L’ultima stesura; il suo numero, che è anche l’ETag, va indicato da chi ne scrive un’altra.",
)
async def show(plans: Plans, section: SectionPath, response: Response) -> PlanText:
    wanted, rows = known_section(section), await _revisions(plans, section)
    found = _shown(plans, wanted, rows[0] if rows else None, numbers_of(plans.plan))
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.get(
    "/{ambito}/texts/{section}/revisions",
    operation_id="text_history",
    summary="Le stesure di una sezione",
    description="Tutto ciò che ne è stato scritto, dalla più recente: da quale ente e ufficio, quando, perché.",
)
async def history(plans: Plans, section: SectionPath) -> RevisionList:
    known_section(section)
    return RevisionList(items=[TextRevision.of(row) for row in await _revisions(plans, section)])


@router.get(
    "/{ambito}/texts/{section}/differences",
    operation_id="text_differences",
    summary="Che cosa è cambiato tra due stesure",
    description="Parola per parola; la stesura 0 è il testo vuoto.",
)
async def changed(plans: Plans, section: SectionPath, from_revision: Number, to_revision: Number) -> TextDifferences:
    known_section(section)
    texts = {0: ""} | {row.revision: row.markdown for row in await _revisions(plans, section)}
    for revision in (from_revision, to_revision):
        if revision not in texts:
            raise not_found(plans.path(f"texts/{section}/revisions/{revision}"))
    pieces = await asyncio.to_thread(differences, texts[from_revision], texts[to_revision])
    items = [TextPiece(**piece._asdict()) for piece in pieces]
    return TextDifferences(section=section, from_revision=from_revision, to_revision=to_revision, items=items)


@router.post(
    "/{ambito}/texts/{section}/revisions",
    status_code=201,
    operation_id="text_write",
    summary="Scrivere il testo di una sezione",
    description="In Markdown: capoversi, elenchi con il trattino, sottotitoli con ##; i numeri del piano come "
    "`{{supply.total.y1}}`. Su quale stesura si è scritto va indicato: se nel frattempo è cambiata, la risposta dice "
    "che cosa. Solo il capofila e il suo partner tecnico.",
    responses=responses({201: (TextRevision, "Scritto")}, 409),
    openapi_extra=body(
        "NewText",
        "Il testo, e su quale stesura è stato scritto",
        strategie={
            "markdown": "Nel 2026 saranno assegnabili {{supply.total.y1}} alloggi.",
            "office": "HOUSING_OFFICE",
            "revision": 0,
            "note": "prima stesura",
        },
    ),
    response_class=Response,
)
async def write(db: Db, ambito: AmbitoPath, section: SectionPath, arrival: Arrived) -> Response:
    own(arrival.who, ambito)
    return await once(db, arrival, partial(_write, ambito, known_section(section)))


async def _write(ambito: str, section: TextSection, arrival: Arrival, session: AsyncSession) -> Answer:
    wanted = read_value(NewText, arrival.document)
    numbers = numbers_of(await plan_in_force(session, ambito))
    try:
        row = await write_text(session, arrival, numbers, section, wanted)
    except Unwritable as why:
        raise unwritable(why) from None
    except Rewritten as why:
        raise rewritten(why, wanted) from None
    return answer(201, TextRevision.of(row), Location=f"/plans/{ambito}/texts/{section.code}")


def known_section(code: str) -> TextSection:
    """Raises `Problem` 404."""
    if code not in BY_CODE:
        raise Problem(404, "no-such-section", of_status(404).title, _NO_SECTION.filled(code=code))
    return BY_CODE[code]


def unwritable(why: Unwritable) -> Problem:
    """422, line by line."""
    return invalid(
        [
            FieldError("/markdown", None, _ON_LINE.filled(line=one.line, it=one.rule.it, en=one.rule.en), one.remedy)
            for one in why.faults
        ]
    )


def rewritten(why: Rewritten, wanted: NewText) -> Problem:
    """409 with what has changed since the text that was written over."""
    who, number, on = why.author or ("", 0, "")
    rule = _CHANGED.filled(number=number, on=on, who=who) if why.author else _NEVER
    errors = [FieldError("/revision", str(wanted.revision), rule, _CHANGED_REMEDY)]
    pieces = differences(why.before, why.now)
    for piece in [one for one in pieces if one.change is not Change.SAME][:CHANGES_TOLD]:
        told = (_ADDED if piece.change is Change.ADDED else _REMOVED).filled(text=piece.text.strip())
        errors.append(FieldError("/markdown", None, told, _CHANGED_REMEDY))
    return Problem(409, "text-rewritten", _CHANGED_TITLE, rule, errors)


def texts_in(plans: Asked, state: PlanState, sections: Iterable[TextSection]) -> list[PlanText]:
    """The texts of these sections, as the plan has heard of them."""
    numbers, year = numbers_of(plans.plan), plans.plan.triennium.first_year
    return [_shown(plans, section, state.texts.get((year, section.code)), numbers) for section in sections]


async def _revisions(plans: Asked, section: str) -> list[SectionTextRow]:
    async with plans.db.reading() as session:
        return await store.revisions_of(session, plans.plan.ambito, plans.plan.triennium.first_year, section)


def _shown(plans: Asked, section: TextSection, text: Written | SectionTextRow | None, numbers: Numbers) -> PlanText:
    markdown = text.markdown if text else ""
    path = f"texts/{section.code}"
    return PlanText(
        section=section.code,
        part=section.part,
        title_it=section.title.it,
        asked_it=section.asked.it,
        revision=text.revision if text else 0,
        markdown=markdown,
        organisation=text.organisation if text else None,
        office=Office(text.office) if text else None,
        written_on=text.written_on if text else None,
        note=text.note if text else "",
        told=[
            ToldHeading(heading=one.heading, sentences=[ToldSentence.of(said) for said in one.sentences])
            for one in tell_section(section, markdown, numbers)
        ],
        missing=list(missing_in(markdown, numbers)),
        _links={"self": plans.path(path), "revisions": plans.path(f"{path}/revisions")},
    )


_NO_SECTION = Text("Il piano non ha la sezione {code}.", "The plan has no section {code}.")
_ON_LINE = Text("Riga {line}: {it}", "Line {line}: {en}")
_CHANGED_TITLE = Text("Testo cambiato nel frattempo", "Text changed in the meantime")
_CHANGED = Text("{who} ha scritto la stesura {number} il {on}.", "{who} wrote revision {number} on {on}.")
_NEVER = Text("La sezione non è ancora stata scritta.", "The section has not been written yet.")
_CHANGED_REMEDY = Text(
    "Leggere che cosa è cambiato, riportarlo nel proprio testo e indicare la stesura su cui si è scritto.",
    "Read what has changed, take it over, and give the revision that the text was written over.",
)
_ADDED = Text("Aggiunto: «{text}»", "Added: “{text}”")
_REMOVED = Text("Tolto: «{text}»", "Removed: “{text}”")
