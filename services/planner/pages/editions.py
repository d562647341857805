"""Edizioni del piano: those that are published for everybody, those on their way for whoever works on them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.planner.api.editions import planner_settings
from services.planner.domain.lifecycle.disclosure import is_public, since_proposed
from services.planner.pages import prints
from services.planner.pages.addresses import Addresses
from services.planner.pages.edition_words import KINDS, POINTS, STATUSES, said
from services.planner.pages.frame import (
    OPERATION,
    IfNoneMatch,
    Place,
    answer,
    not_found,
    page_of,
    tag_of,
    templates,
    unchanged,
)
from services.planner.pages.prints import MIMES, Ending, Print
from services.planner.store import editions as store
from shared.auth import Principal
from shared.db import Database
from shared.events import PlanStatus, PlanStatusChanged
from shared.lifecycle_wording import acts_named, step_sentence, years_of
from shared.pages import Cell, Column, Spoken, say, speaking
from shared.pages.formats import day, thousandths
from shared.problems import is_from_browser
from shared.roles import Reach, reach_of
from shared.sign_in import Visitor, to_sign_in
from shared.territory import Ambito
from shared.web import Db

router = APIRouter(include_in_schema=False)
EditionNumber = Annotated[int, Path(ge=1, le=1000)]
FirstYear = Annotated[int | None, Query(ge=2017, le=2100)]
PATIENCE: Final = 1.5
"""Seconds after which somebody who waits for a file is told how it is."""
TITLE: Final = "Piano triennale dell’offerta dei servizi abitativi pubblici e sociali"


class Edition(NamedTuple):
    """An edition with its steps, as the pages show it."""

    steps: Sequence[PlanStatusChanged]
    home: str
    query: dict[str, str]
    at: Addresses

    @property
    def last(self) -> PlanStatusChanged:
        return self.steps[-1]

    @property
    def is_public(self) -> bool:
        return is_public(self.steps)

    @property
    def name(self) -> str:
        return f"{say('Edizione', 'Edition')} {self.last.edition}, {said(KINDS, self.last.kind).lower()} {self.years}"

    @property
    def years(self) -> str:
        return years_of(self.last)

    @property
    def status(self) -> str:
        return said(STATUSES, self.last.status)

    @property
    def stem(self) -> str:
        return f"piano-{self.last.ambito}-{self.last.first_year}-edizione-{self.last.edition}"

    @property
    def href(self) -> str:
        return self.to("")

    def to(self, path: str) -> str:
        return self.at.to(self.home + path, **self.query)

    def print(self, ending: Ending) -> Print:
        return Print(self.last.document_hash, ending)


async def editions_of(request: Request, db: Database, place: Ambito) -> list[Edition]:
    """Every edition of the ambito, oldest first."""
    async with db.reading() as session:
        steps = await store.every_step_of(session, place.code)
    found = groupby(steps, key=lambda step: (step.first_year, step.edition))
    return [_edition(list(own), planner_settings(request).planner_first_year) for _, own in found]


def _edition(steps: Sequence[PlanStatusChanged], present_year: int) -> Edition:
    last = steps[-1]
    query = {} if last.first_year == present_year else {"triennio": str(last.first_year)}
    return Edition(steps, f"edizioni/{last.edition}", query, Addresses(last.ambito))


def in_force(editions: Sequence[Edition]) -> Edition | None:
    """The last one that was published and that no later one has superseded."""
    return next((one for one in reversed(editions) if one.last.status is PlanStatus.PUBLISHED), None)


def reads_all(who: Principal | None, ambito: str) -> bool:
    """Whether somebody may read editions of the ambito before they are published."""
    return who is not None and who.ambito == ambito and reach_of("edition_show", who.role) is not Reach.NONE


async def edition_asked(
    request: Request, db: Db, place: Place, number: EditionNumber, who: Visitor, triennio: FirstYear = None
) -> Edition:
    """Raises `Problem` 404; sends whoever has not signed in there for one that is not published."""
    wanted = (triennio or planner_settings(request).planner_first_year, number)
    editions = await editions_of(request, db, place)
    found = next((one for one in editions if (one.last.first_year, one.last.edition) == wanted), None)
    if found is not None and (found.is_public or reads_all(who, place.code)):
        return found
    if found is not None and who is None:
        raise to_sign_in(request)
    raise not_found(f"Non c’è un’edizione {number} del piano.", f"There is no edition {number} of the plan.")


Asked = Annotated[Edition, Depends(edition_asked)]


@router.get("/ambiti/{ambito_code}/edizioni", operation_id=OPERATION)
async def editions_page(request: Request, db: Db, place: Place, who: Visitor) -> Response:
    shown = [one for one in await editions_of(request, db, place) if one.is_public or reads_all(who, place.code)]
    content = {
        **framed(place, say("Le edizioni del piano", "The editions of the plan"), "edizioni"),
        "in_force": in_force(shown),
        "columns": [
            Column(say("Edizione", "Edition")),
            Column(say("Stato", "Status")),
            Column(say("Dal", "Since"), "day"),
            Column(say("Approvata con", "Approved by")),
        ],
        "rows": [
            [Cell(one.name, href=one.href), Cell(one.status), Cell(one.last.on), Cell(_approved_by(one), instead="–")]
            for one in reversed(shown)
        ],
    }
    tag = tag_of(request, *(one.last.document_hash for one in shown))
    return answer(request, "editions.html", content, tag)


@router.get("/ambiti/{ambito_code}/edizioni/{number}", operation_id=OPERATION)
async def edition_page(
    request: Request, db: Db, place: Place, edition: Asked, who: Visitor, if_none_match: IfNoneMatch = ""
) -> Response:
    """To citizens it tells the steps that its document tells: not why an earlier proposal was returned."""
    steps = edition.steps if reads_all(who, place.code) else since_proposed(edition.steps)
    later = in_force(await editions_of(request, db, place))
    sizes = {ending: _size(request, db, edition, ending) for ending in MIMES}
    following = later.last.document_hash if later else ""
    if (tag := tag_of(request, edition.last.document_hash, following, repr(sizes))) in if_none_match:
        return unchanged(tag)
    content = {
        **framed(place, f"{TITLE} {edition.years}", "edizioni"),
        "edition": edition,
        "in_force": later,
        "approval": approval_sentence(edition),
        "points": [(text, edition.at.part(number)) for number, text in enumerate(POINTS, 1)],
        "columns": [
            Column(say("Documento", "Document")),
            Column(say("Formato", "Format")),
            Column(say("Dimensione", "Size")),
        ],
        "files": _files(edition, sizes),
        "sentences": [(step.on, step_sentence(step)) for step in reversed(steps)],
    }
    return answer(request, "edition.html", content, tag)


@router.get("/ambiti/{ambito_code}/edizioni/{number}/piano.{ending}", operation_id=OPERATION)
async def edition_file(
    request: Request, db: Db, place: Place, edition: Asked, ending: Ending, if_none_match: IfNoneMatch = ""
) -> Response:
    """The file; for a browser that has waited long enough, a page that says so and looks again."""
    tag = f'"{edition.last.document_hash}-{ending}"'
    if tag in if_none_match:
        return unchanged(tag)
    licence = planner_settings(request).planner_data_licence
    patience = PATIENCE if is_from_browser(request) else None
    content = await prints.content_of(db, edition.print(ending), licence, patience)
    if content is None:
        title = say("Il documento si sta preparando", "The document is being made")
        waiting = framed(place, title, "edizioni") | {"edition": edition}
        waiting["again"] = edition.to(f"/piano.{ending}")
        headers = {"Refresh": "2", "Cache-Control": "no-store"}
        return templates.TemplateResponse(request, "printing.html", waiting, 202, headers)
    name = f"{edition.stem}.{ending}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Language": "it"}
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Cookie", **disposition}
    return Response(content, headers=headers, media_type=MIMES[ending])


def framed(place: Ambito, title: str, current: str) -> dict[str, Any]:
    """What a page about editions is given besides its own: no other day of the plan is chosen on it."""
    home = Addresses(place.code)
    page = page_of(place, home, title, current=home.to(current))
    return {"page": page, "home": home, "place": place}


def approval_sentence(edition: Edition) -> str:
    """`Il Piano, approvato dall'Assemblea dei Sindaci il 5 dicembre 2026 (Assemblea dei Sindaci, ...):`, in Italian."""
    with speaking(Spoken()):
        approved = next((step for step in edition.steps if step.status is PlanStatus.APPROVED), None)
        if approved is None:
            return f"Il Piano, {STATUSES[edition.last.status].it.lower()}:"
        later = [act for step in edition.steps if step.status in _AFTER_THE_VOTE for act in step.acts]
        acts = acts_named([*approved.acts, *later])
        return f"Il Piano, approvato dall’Assemblea dei Sindaci il {day(approved.on)} ({acts}):"


_AFTER_THE_VOTE: Final = (PlanStatus.TRANSMITTED_TO_REGION, PlanStatus.PUBLISHED)


def _approved_by(edition: Edition) -> str | None:
    return next((acts_named(step.acts) for step in edition.steps if step.status is PlanStatus.APPROVED), None)


def _size(request: Request, db: Database, edition: Edition, ending: Ending) -> int | None:
    """Whoever reads about an edition may want it: from then on its files are made."""
    wanted = edition.print(ending)
    prints.begin(db, wanted, planner_settings(request).planner_data_licence)
    return prints.size_of(db, wanted)


def _files(edition: Edition, sizes: dict[Ending, int | None]) -> list[list[Cell]]:
    words: dict[Ending, tuple[str, str]] = {
        "pdf": (
            say("Il piano da leggere e da stampare", "The plan to read and to print"),
            say(
                "PDF accessibile, da conservare (PDF/UA-1, PDF/A-2a)", "Accessible PDF to be kept (PDF/UA-1, PDF/A-2a)"
            ),
        ),
        "odt": (
            say("Il testo da riprendere negli atti", "The text, to paste into acts"),
            say("OpenDocument (ODT)", "OpenDocument (ODT)"),
        ),
        "json": (say("Gli stessi contenuti come dati", "The same contents as data"), "JSON"),
        "zip": (
            say("Dati aperti: tabelle, carta, dizionario", "Open data: tables, map, dictionary"),
            "ZIP: CSV, GeoJSON, JSON Schema, DCAT-AP_IT",
        ),
    }
    soon = say("si sta preparando", "being made")
    return [
        [Cell(what, href=edition.to(f"/piano.{ending}")), Cell(kind), Cell(_bytes(sizes[ending]), instead=soon)]
        for ending, (what, kind) in words.items()
    ]


def _bytes(size: int | None) -> str | None:
    if size is None:
        return None
    return f"{-(-size // 1000)} kB" if size < 1_000_000 else f"{thousandths(size // 1000)} MB"
