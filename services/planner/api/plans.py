"""The plan over HTTP: as it stands, by municipality, and its versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.planner.api.editions import (
    AmbitoPath,
    Asked,
    IstatPath,
    PlanHead,
    Plans,
    Sha256,
    ShortText,
    Whole,
    not_found,
    own,
)
from services.planner.api.figures import Figure, figures_of
from services.planner.api.readers import is_shown, shown_to
from services.planner.store import plans as store
from services.planner.tables import VersionRow
from shared.arrivals import PageLinks, Shape
from shared.auth import Principal
from shared.events import Cause, MunicipalityChange, PlanRecomputed
from shared.openapi import problems
from shared.sign_in import Who
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["plans"], responses=problems(404))


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
    summary="Il piano dell’ambito, oggi",
    description="I totali dell’ambito, le azioni proposte per l’emergenza e gli indirizzi dei comuni.",
    response_model=PlanAnswer,
)
async def plan(plans: Plans, request: Request, response: Response) -> PlanAnswer | Response:
    head, held = plans.head, plans.plan
    tag = f'"{head.version}-{head.hash}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304)
    response.headers["ETag"] = tag
    return PlanAnswer(
        **head.model_dump(),
        figures=figures_of(plans, None),
        actions=_actions(plans, None),
        municipalities={code: f"/plans/{held.ambito}/municipalities/{code}" for code in held.names},
    )


@router.get(
    "/{ambito}/municipalities/{istat}",
    operation_id="plan_municipality",
    summary="Il piano di un comune",
    description="Tutti i numeri di un comune, per proprietario e per anno, e le azioni sul suo territorio.",
)
async def municipality(plans: Plans, istat: IstatPath) -> MunicipalityAnswer:
    head, held = plans.head, plans.plan
    if istat not in held.names:
        raise not_found(
            f"Il comune {istat} non fa parte dell’ambito {held.ambito}.",
            f"Municipality {istat} is not part of ambito {held.ambito}.",
        )
    return MunicipalityAnswer(
        **head.model_dump(),
        municipality=istat,
        name=held.names[istat],
        figures=figures_of(plans, istat),
        actions=_actions(plans, istat),
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
    own(who, ambito)
    async with db.reading() as session:
        rows = await store.versions_before(session, ambito, cursor, limit + 1)
    following = (
        f"/plans/{ambito}/versions?cursor={rows[limit - 1].version}&limit={limit}" if len(rows) > limit else None
    )
    return VersionPage(items=[_version(row, who) for row in rows[:limit]], _links=PageLinks(next=following))


def _actions(plans: Asked, municipality: str | None) -> list[ProposedAction]:
    """Those that who asks may see: of its own cases, or its own to take."""
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
        for action in plans.plan.actions
        if municipality in (None, action.municipality) and is_shown(plans.who, action.municipality, action.owner)
    ]


def _version(row: VersionRow, who: Principal) -> Version:
    event = shown_to(who, PlanRecomputed.read(row.event.encode()))
    return Version(
        version=row.version,
        hash=row.hash,
        reference_on=row.reference_on,
        recorded_at=row.recorded_at,
        causes=list(event.causes),
        changes=list(event.changes),
    )
