"""The plan over HTTP: as it stands, by municipality, and its versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from services.planner.domain.labels import label_it
from services.planner.domain.plan import FigureKey, Plan, place_in_report, read
from services.planner.store import plans as store
from services.planner.tables import VersionRow
from shared.arrivals import PageLinks, Shape
from shared.auth import Principal
from shared.events import Cause, Measure, MunicipalityChange, PlanRecomputed
from shared.openapi import problems
from shared.problems import Problem, Text, of_status
from shared.sign_in import Who
from shared.territory import names_of
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["plans"], responses=problems(404))
AmbitoPath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", max_length=64)]
IstatPath = Annotated[str, Path(pattern=r"^[0-9]{6}$", max_length=6)]
ShortText = Annotated[str, Field(max_length=200)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Year = Annotated[int, Field(ge=2000, le=2200)]


class Figure(Shape):
    """One figure: a count, or thousandths of a home; no owner means all, no year the present or the triennium."""

    figure: ShortText
    label_it: ShortText
    owner: ShortText | None
    year: Year | None
    measure: Measure
    value: Whole


class ProposedAction(Shape):
    """Azione d'emergenza proposta (L.R. 16/2016, art. 23 c. 13); it withdraws itself when its causes end."""

    id: ShortText
    kind: ShortText
    unit_id: ShortText
    case_ref: ShortText
    owner: ShortText
    municipality: ShortText
    causes: list[UUID] = Field(max_length=10)
    effect_it: str = Field(max_length=2000)
    article: ShortText
    deadline_on: date | None


class PlanHead(Shape):
    """Which plan this is."""

    ambito: ShortText
    version: Whole
    hash: Sha256
    first_year: Year
    reference_on: date
    rules_on: date


class PlanAnswer(PlanHead):
    """The whole ambito: its totals, its emergency actions, and where each municipality's figures are."""

    figures: list[Figure] = Field(max_length=1000)
    actions: list[ProposedAction] = Field(max_length=10_000)
    municipalities: dict[str, str] = Field(max_length=2000)


class MunicipalityAnswer(PlanHead):
    """One municipality: all its figures, by owner and year, and the actions on its territory."""

    municipality: ShortText
    name: ShortText
    figures: list[Figure] = Field(max_length=5000)
    actions: list[ProposedAction] = Field(max_length=10_000)


class Version(Shape):
    """One version: when, from which facts, and what moved."""

    version: Whole
    hash: Sha256
    reference_on: date
    recorded_at: datetime
    causes: list[Cause] = Field(max_length=10_000)
    changes: list[MunicipalityChange] = Field(max_length=2000)


class VersionPage(Shape):
    """Versions from the newest."""

    items: list[Version] = Field(max_length=100)
    links: PageLinks = Field(alias="_links")


@router.get(
    "/{ambito}",
    operation_id="plan_show",
    summary="Il piano dell'ambito, oggi",
    description="I totali dell'ambito, le azioni proposte per l'emergenza e gli indirizzi dei comuni.",
    response_model=PlanAnswer,
)
async def plan(db: Db, who: Who, ambito: AmbitoPath, request: Request, response: Response) -> PlanAnswer | Response:
    head, held = await _current(db, who, ambito)
    if request.headers.get("if-none-match") == f'"{head.hash}"':
        return Response(status_code=304)
    response.headers["ETag"] = f'"{head.hash}"'
    return PlanAnswer(
        **head.model_dump(),
        figures=_figures(held, None),
        actions=_actions(held, None),
        municipalities={code: f"/plans/{ambito}/municipalities/{code}" for code in held.names},
    )


@router.get(
    "/{ambito}/municipalities/{istat}",
    operation_id="plan_municipality",
    summary="Il piano di un comune",
    description="Tutti i numeri di un comune, per proprietario e per anno, e le azioni sul suo territorio.",
)
async def municipality(db: Db, who: Who, ambito: AmbitoPath, istat: IstatPath) -> MunicipalityAnswer:
    head, held = await _current(db, who, ambito)
    if istat not in held.names:
        raise _not_found(
            f"Il comune {istat} non fa parte dell'ambito {ambito}.",
            f"Municipality {istat} is not part of ambito {ambito}.",
        )
    return MunicipalityAnswer(
        **head.model_dump(),
        municipality=istat,
        name=held.names[istat],
        figures=_figures(held, istat),
        actions=_actions(held, istat),
    )


@router.get(
    "/{ambito}/versions",
    operation_id="plan_versions",
    summary="Le versioni del piano e le loro cause",
    description="Dalla più recente: quando, da quali fatti, e quali numeri sono cambiati.",
)
async def versions(
    db: Db,
    who: Who,
    ambito: AmbitoPath,
    cursor: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> VersionPage:
    _own(who, ambito)
    async with db.reading() as session:
        rows = await store.versions_before(session, ambito, cursor, limit + 1)
    following = (
        f"/plans/{ambito}/versions?cursor={rows[limit - 1].version}&limit={limit}" if len(rows) > limit else None
    )
    return VersionPage(items=[_version(row) for row in rows[:limit]], _links=PageLinks(next=following))


async def _current(db: Db, who: Principal, ambito: str) -> tuple[PlanHead, Plan]:
    _own(who, ambito)
    async with db.reading() as session:
        row = await store.plan_content(session, ambito)
    if row is None or not row.version:
        raise _not_found(
            f"Il piano dell'ambito {ambito} non ha ancora dati: arriveranno con la prima segnalazione.",
            f"The plan of ambito {ambito} has no data yet: they come with the first report.",
        )
    held = read(row.content, names_of(ambito))
    head = PlanHead(
        ambito=ambito,
        version=row.version,
        hash=row.hash,
        first_year=held.triennium.first_year,
        reference_on=held.reference_on,
        rules_on=held.rules_on,
    )
    return head, held


def _own(who: Principal, ambito: str) -> None:
    if who.ambito != ambito:
        raise _not_found(f"L'ambito {ambito} non è il vostro.", f"Ambito {ambito} is not yours.")


def _figures(plan: Plan, municipality: str | None) -> list[Figure]:
    keys = [key for key in plan.figures if key.municipality == municipality]
    return [_figure(key, plan.figures[key]) for key in sorted(keys, key=place_in_report)]


def _figure(key: FigureKey, value: int) -> Figure:
    return Figure(
        figure=key.figure,
        label_it=label_it(key.figure, key.year),
        owner=key.owner,
        year=key.year,
        measure=key.measure,
        value=value,
    )


def _actions(plan: Plan, municipality: str | None) -> list[ProposedAction]:
    return [
        ProposedAction(
            id=action.id,
            kind=action.kind.value,
            unit_id=action.unit_id,
            case_ref=action.case_ref,
            owner=action.owner,
            municipality=action.municipality,
            causes=[UUID(cause) for cause in action.causes],
            effect_it=action.effect_it,
            article=action.article,
            deadline_on=action.deadline_on,
        )
        for action in plan.actions
        if municipality in (None, action.municipality)
    ]


def _version(row: VersionRow) -> Version:
    event = PlanRecomputed.read(row.event.encode())
    return Version(
        version=row.version,
        hash=row.hash,
        reference_on=row.reference_on,
        recorded_at=row.recorded_at,
        causes=list(event.causes),
        changes=list(event.changes),
    )


def _not_found(italian: str, english: str) -> Problem:
    return Problem(404, "no-such-plan", of_status(404).title, Text(italian, english))
