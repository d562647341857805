"""The texts of the plan as pages: every section with its revisions, and the form in which it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from pydantic import ValidationError

from services.planner.api.editions import own
from services.planner.api.text_writing import NewText, Rewritten, Unwritable, write_text
from services.planner.api.texts import SectionPath, known_section
from services.planner.document.model import DocumentPart
from services.planner.document.texts import text_sections
from services.planner.domain.texts.catalogue import SECTIONS, TextSection, sections_of
from services.planner.domain.texts.differences import Piece, differences
from services.planner.domain.texts.markdown import Fault
from services.planner.domain.texts.references import Reference
from services.planner.domain.texts.telling import Numbers, faults_of, figures_named, missing_in, withheld_in
from services.planner.domain.texts.written import Written
from services.planner.pages.addresses import Addresses
from services.planner.pages.blocks import written_part
from services.planner.pages.desk import At, Plan, Shown, figures_in
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, tag_of, templates, unchanged
from services.planner.pages.views import Table
from services.planner.store import texts as store
from services.planner.tables.texts import SectionTextRow
from shared.arrivals import Arrival, arriving
from shared.auth import Role
from shared.db import Database
from shared.events import Office
from shared.events.decisions import TEXT_LIMIT
from shared.forms import Fields
from shared.pages import Cell, Column, carried, say, spoken
from shared.pages.formats import day
from shared.problems import Text, field_errors
from shared.roles import Reach, reach_of
from shared.sign_in import Who
from shared.territory import organisation_name
from shared.web import Db

router = APIRouter(include_in_schema=False)
FOUND: Final = 40
Revision = Annotated[int | None, Query(ge=0, le=1_000_000)]
Arrived = Annotated[Arrival, Depends(arriving(None))]
OFFICES: Final = {
    Office.HOUSING_OFFICE: Text("Ufficio casa", "Housing office"),
    Office.AREA_PLAN_OFFICE: Text("Ufficio di piano", "Area plan office"),
    Office.GENERAL_SECRETARIAT: Text("Segreteria generale", "General secretariat"),
    Office.ASSEMBLY_SECRETARIAT: Text("Segreteria dell’Assemblea dei Sindaci", "Secretariat of the mayors’ assembly"),
    Office.MAYOR: Text("Sindaco", "Mayor"),
}


class Standing(NamedTuple):
    """A section, where it is, and how it stands."""

    title: str
    href: str
    standing: str


class Draft(NamedTuple):
    """Bozza di chi scrive: what the form holds, whether or not it can be saved."""

    markdown: str = ""
    office: str = Office.HOUSING_OFFICE
    note: str = ""
    revision: int = 0
    search: str = ""


class Refused(NamedTuple):
    """Why a draft was not saved: what to mend; or what somebody else has changed meanwhile."""

    status: int
    faults: tuple[str, ...] = ()
    changed: tuple[Piece, ...] = ()


def may_write(request: Request) -> bool:
    """Whether who reads the page writes texts."""
    who = getattr(request.state, "who", None)
    return reach_of("text_write", who.role if who else None) is not Reach.NONE


def written_sections(plan: Shown, number: int, at: Addresses) -> list[Standing]:
    """The sections of one part, and how they stand."""
    return [
        Standing(one.title.read_in(spoken().language), at.text(one.code), _standing(plan, _text_of(plan, one)))
        for one in sections_of(number)
    ]


@router.get("/ambiti/{ambito_code}/testi", operation_id=OPERATION)
async def texts_page(request: Request, place: Place, plan: Plan, at: At, if_none_match: IfNoneMatch = "") -> Response:
    head = plan.asked.head
    if (tag := tag_of(request, head.hash, str(head.version), "testi", str(at.days))) in if_none_match:
        return unchanged(tag)
    content = {
        **around(place, at, head, say("I testi del piano", "The texts of the plan"), "parti"),
        "sections": _list(plan, at),
    }
    return answer(request, "texts.html", content, tag)


@router.get("/ambiti/{ambito_code}/testi/{section}", operation_id="text_show")
async def text_page(
    request: Request, db: Db, who: Who, place: Place, plan: Plan, at: At, section: SectionPath, da: Revision = None
) -> Response:
    """`da` is the revision that the text now is compared with."""
    own(who, place.code)
    wanted = known_section(section)
    rows = await _revisions(db, plan, wanted)
    return await _page(request, place, plan, at, wanted, rows, da=da)


@router.post("/ambiti/{ambito_code}/testi/{section}", operation_id="text_write")
async def write_page(
    request: Request, db: Db, place: Place, plan: Plan, at: At, section: SectionPath, fields: Fields, arrival: Arrived
) -> Response:
    """Saved, or only looked at; whatever is not saved stays in the form."""
    own(arrival.who, place.code)
    wanted, draft, numbers = known_section(section), _draft(fields), Numbers.of(plan.material)
    refused = None
    if len(draft.markdown) > TEXT_LIMIT:
        refused = Refused(
            422, (say("Il testo supera i {} caratteri.", "The text has over {} characters.").format(TEXT_LIMIT),)
        )
    elif fields.get("azione") == "anteprima" and (faults := faults_of(draft.markdown, numbers)):
        refused = Refused(200, _lines(faults))
    elif fields.get("azione") == "salva":
        refused = await _save(db, arrival, numbers, wanted, draft)
        if refused is None:
            return RedirectResponse(carried(f"/ambiti/{place.code}/testi/{section}"), 303)
    rows = await _revisions(db, plan, wanted)
    if refused is not None and refused.status == 409:
        draft = draft._replace(revision=rows[0].revision if rows else 0)
    return await _page(request, place, plan, at, wanted, rows, draft=draft, refused=refused)


async def _save(db: Database, arrival: Arrival, numbers: Numbers, section: TextSection, draft: Draft) -> Refused | None:
    """None where it is saved."""
    given: dict[str, Any] = {name: getattr(draft, name) for name in ("markdown", "office", "revision")}
    try:
        wanted = NewText.model_validate(given | {"note": draft.note.strip() or None})
        async with db.transaction() as session:
            await write_text(session, arrival, numbers, section, wanted)
    except ValidationError as error:
        return Refused(422, tuple(_told(one.rule, one.remedy) for one in field_errors(error, given)))
    except Unwritable as why:
        return Refused(422, _lines(why.faults))
    except Rewritten as why:
        return Refused(409, changed=differences(why.before, why.now))
    return None


async def _page(
    request: Request,
    place: Place,
    plan: Shown,
    at: Addresses,
    section: TextSection,
    rows: Sequence[SectionTextRow],
    *,
    draft: Draft | None = None,
    refused: Refused | None = None,
    da: int | None = None,
) -> Response:
    numbers, last = Numbers.of(plan.material), rows[0] if rows else None
    text = last if plan.is_now else _text_of(plan, section)
    shown = draft or Draft(text.markdown if text else "", _usual_office(request), revision=last.revision if last else 0)
    readable = shown.markdown if len(shown.markdown) <= TEXT_LIMIT else ""
    content = {
        **around(place, at, plan.asked.head, section.title.read_in(spoken().language), "parti"),
        "section": section,
        "part": (at.part(section.part), section.part),
        "standing": _standing(plan, text),
        "is_now": plan.is_now,
        "draft": shown,
        "is_draft": draft is not None,
        "refused": refused,
        "limit": TEXT_LIMIT,
        "offices": [(one.value, label.read_in(spoken().language)) for one, label in OFFICES.items()],
        "told": await asyncio.to_thread(_written, plan, section, readable, numbers, at),
        "missing": () if draft else missing_in(shown.markdown, numbers),
        "withheld": withheld_in(readable, numbers),
        "found": await asyncio.to_thread(_found, numbers, shown.search),
        "history": _history(rows, place.code, at, section),
        "compared": _compared(rows, da),
    }
    status, headers = refused.status if refused else 200, {"Cache-Control": "no-store"}
    return templates.TemplateResponse(request, "text.html", content, status, headers)


def _written(plan: Shown, section: TextSection, markdown: str, numbers: Numbers, at: Addresses) -> Markup:
    """As the document tells it."""
    part = DocumentPart(str(section.part), "", text_sections(section, markdown, numbers))
    return written_part(part, figures_named(figures_in(part), plan.material), at)


def _found(numbers: Numbers, query: str) -> Table:
    """What can be named in the text; without a question the whole ambito's figures of the three years."""
    if query.strip():
        found = numbers.search(query, FOUND)
    else:
        every = numbers.references
        found = [one for one in every if one.municipality is None and one.owner is None and one.year is None]
    columns = [
        Column(say("Da scrivere nel testo", "To be written in the text")),
        Column(say("Che cos’è", "What it is")),
        Column(say("Oggi", "Today")),
    ]
    return Table(
        say("Numeri che il testo può citare", "Figures that the text may name"), columns, _rows(numbers, found)
    )


def _rows(numbers: Numbers, found: Sequence[Reference]) -> list[list[Cell]]:
    names = numbers.plan.names
    return [[Cell(one.printed(names)), Cell(one.label(names)), Cell(numbers.told(one))] for one in found]


def _history(rows: Sequence[SectionTextRow], ambito: str, at: Addresses, section: TextSection) -> Table:
    columns = [
        Column(say("Stesura", "Revision")),
        Column(say("Scritta il", "Written on"), "day"),
        Column(say("Da", "By")),
        Column(say("Nota", "Note")),
        Column(say("Confronto", "Comparison")),
    ]
    label = say("con quella di ora", "with the one now")
    written = [
        [
            Cell(str(row.revision)),
            Cell(row.written_on),
            Cell(_author(row, ambito)),
            Cell(row.note or None, instead="–"),
            Cell(label, href=at.to(f"testi/{section.code}", "confronto", da=str(row.revision)))
            if row is not rows[0]
            else Cell(None, instead="–"),
        ]
        for row in rows
    ]
    return Table(say("Stesure", "Revisions"), columns, written)


def _compared(rows: Sequence[SectionTextRow], da: int | None) -> tuple[int, int, tuple[Piece, ...]] | None:
    """An earlier revision and the last one."""
    before = next((row for row in rows if row.revision == da), None)
    if before is None:
        return None
    return before.revision, rows[0].revision, differences(before.markdown, rows[0].markdown)


def _list(plan: Shown, at: Addresses) -> Table:
    columns = [
        Column(say("Sezione", "Section")),
        Column(say("Parte", "Part")),
        Column(say("Stesura", "Revision")),
        Column(say("Scritta il", "Written on"), "day"),
        Column(say("Da", "By")),
    ]
    rows = []
    for section in SECTIONS:
        text, title = _text_of(plan, section), section.title.read_in(spoken().language)
        absent = say("da scrivere", "to be written")
        rows.append(
            [
                Cell(title, href=at.text(section.code)),
                Cell(str(section.part), href=at.part(section.part)),
                Cell(str(text.revision) if text and text.markdown else None, instead=absent),
                Cell(text.written_on if text else None, instead="–"),
                Cell(_author(text, plan.asked.plan.ambito) if text else None, instead="–"),
            ]
        )
    return Table(
        say("Le sezioni, nell’ordine del documento", "The sections, in the order of the document"), columns, rows
    )


def _standing(plan: Shown, text: Written | SectionTextRow | None) -> str:
    if text is None:
        return say("da scrivere", "to be written")
    told = say("stesura {}, {}, {}", "revision {}, {}, {}")
    return told.format(text.revision, _author(text, plan.asked.plan.ambito), day(text.written_on))


def _author(text: Written | SectionTextRow, ambito: str) -> str:
    office = OFFICES[Office(text.office)].read_in(spoken().language)
    return f"{organisation_name(ambito, text.organisation)}, {office[0].lower()}{office[1:]}"


def _text_of(plan: Shown, section: TextSection) -> Written | None:
    """As the plan has heard of it."""
    return plan.material.state.texts.get((plan.asked.plan.triennium.first_year, section.code))


async def _revisions(db: Database, plan: Shown, section: TextSection) -> list[SectionTextRow]:
    known = plan.asked.plan
    async with db.reading() as session:
        return await store.revisions_of(session, known.ambito, known.triennium.first_year, section.code)


def _usual_office(request: Request) -> str:
    is_partner = request.state.who.role is Role.TECHNICAL_PARTNER
    return Office.AREA_PLAN_OFFICE if is_partner else Office.HOUSING_OFFICE


def _draft(fields: Mapping[str, str]) -> Draft:
    number = fields.get("stesura", "")
    revision = int(number) if number.isdecimal() and len(number) < 8 else 0
    text, note = fields.get("testo", "").replace("\r\n", "\n"), fields.get("nota", "")
    return Draft(text, fields.get("ufficio", ""), note, revision, fields.get("cerca", ""))


def _lines(faults: Sequence[Fault]) -> tuple[str, ...]:
    told = say("Riga {}: {}", "Line {}: {}")
    return tuple(told.format(one.line, _told(one.rule, one.remedy)) for one in faults)


def _told(rule: Text, remedy: Text) -> str:
    return f"{rule.read_in(spoken().language)} {remedy.read_in(spoken().language)}"
