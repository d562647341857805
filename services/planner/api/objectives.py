"""Obiettivi del piano: set and withdrawn by the lead municipality, shown beside what their figures are now."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import (
    AmbitoPath,
    Asked,
    PlanHead,
    Plans,
    ShortText,
    Whole,
    no_plan,
    own,
    plan_in_force,
)
from services.planner.api.listings import OfFigures
from services.planner.domain.labels import label_it
from services.planner.domain.plan import FigureKey, Plan, key_of
from services.planner.domain.strategies.objectives import Commitment, ObjectiveStatus
from services.planner.store import objectives as store
from services.planner.store.decisions import announced
from services.planner.tables import ObjectiveRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, not_found, once, read_value
from shared.bus import outbox
from shared.events import Measure, ObjectiveSet, ObjectiveWithdrawn
from shared.events.base import LongText, OrganisationId
from shared.events.decisions import FIGURE_ID, FigureId, FigureValue
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.territory import UnknownAmbitoError
from shared.territory import ambito as territory_of
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["objectives"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(16_384))]
Words = Annotated[str, Field(max_length=2000)]
FigurePlace = Annotated[str, Field(pattern=FIGURE_ID, max_length=150)]


class NewObjective(Shape):
    """What is to be reached, by when, who answers for it; without a `baseline` it is what the figure is now."""

    text: LongText
    owner: OrganisationId
    figure: FigureId
    baseline: FigureValue | None = None
    target: FigureValue
    due_on: date
    reason: LongText


class ObjectiveWithdrawal(Shape):
    """Why the objective is not pursued any more."""

    reason: LongText


class ObjectiveTerms(Shape):
    """Obiettivo: from `baseline` on `starts_on` to `target` by `due_on`, in the integers of its figure."""

    id: UUID
    text: Words
    owner: ShortText
    figure: FigurePlace
    baseline: Whole
    starts_on: date
    target: Whole
    due_on: date
    reason: Words
    organisation: ShortText


class ObjectiveStep(ObjectiveTerms):
    """Un passo dell'obiettivo, by its number; one withdrawn is no objective of the plan any more."""

    revision: Whole
    is_withdrawn: bool

    @classmethod
    def of(cls, row: ObjectiveRow) -> ObjectiveStep:
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class PlanObjective(ObjectiveTerms):
    """Impegno e risultato: `expected` on a straight line on the plan's day, `actual` the figure's value, and its why.

    Without an actual value the plan has no such figure any more.
    """

    label_it: ShortText
    measure: Measure
    cause: UUID
    expected: Whole
    actual: Whole | None
    missing: Whole | None
    status: ObjectiveStatus
    links: dict[str, str] = Field(alias="_links", max_length=10)


class ObjectivePage(PlanHead):
    """Every objective of the plan, or those measured in one municipality."""

    items: list[PlanObjective] = Field(max_length=1000)
    links: PageLinks = Field(alias="_links")


BODIES: Final = (NewObjective, ObjectiveWithdrawal)
"""Read strictly."""


@router.get(
    "/{ambito}/objectives",
    operation_id="objective_list",
    summary="Gli obiettivi del piano e i loro risultati",
    description="Partenza, traguardo, responsabile e scadenza, accanto al valore di oggi del numero che li misura: "
    "nessuno deve comunicare lo stato di avanzamento.",
)
async def listing(
    plans: Plans,
    window: OfFigures,
    municipality: Annotated[str | None, Query(pattern=r"^(-|[0-9]{6})$", max_length=6)] = None,
) -> ObjectivePage:
    wanted = None if municipality == "-" else municipality
    found = [
        one
        for one in plans.plan.commitments
        if (municipality is None or key_of(one.objective.figure).municipality == wanted) and _is_told(plans, one)
    ]
    shown, links = window.cut(partial(plans.path, "objectives"), found, municipality=municipality)
    return ObjectivePage(**plans.head.model_dump(), items=[_beside(plans, one) for one in shown], _links=links)


@router.post(
    "/{ambito}/objectives",
    status_code=201,
    operation_id="objective_set",
    summary="Fissare un obiettivo",
    description="Misurato da un numero del piano, con il motivo. Solo il capofila e il suo partner tecnico.",
    responses=responses({201: (ObjectiveStep, "Obiettivo fissato")}),
    openapi_extra=body(
        "NewObjective",
        "Che cosa raggiungere, entro quando, e chi ne risponde",
        recupero={
            "text": "dimezzare gli alloggi da recuperare",
            "owner": "comune-019036",
            "figure": "019036:-:needing_works:-",
            "target": 40,
            "due_on": "2028-12-31",
            "reason": "delibera del Consiglio comunale",
        },
    ),
    response_class=Response,
)
async def set_one(db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(_set, ambito))


@router.post(
    "/{ambito}/objectives/{objective_id}/withdraw",
    operation_id="objective_withdraw",
    summary="Ritirare un obiettivo",
    description="Con il motivo; resta scritto quando e da chi era stato fissato. "
    "Solo il capofila e il suo partner tecnico.",
    responses=responses({200: (ObjectiveStep, "Obiettivo ritirato")}, 409),
    openapi_extra=body("ObjectiveWithdrawal", "Il motivo", ritiro={"reason": "il programma non è finanziato"}),
    response_class=Response,
)
async def withdraw(db: Db, ambito: AmbitoPath, objective_id: UUID, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(_withdraw, ambito, objective_id))


async def _set(ambito: str, arrival: Arrival, session: AsyncSession) -> Answer:
    own(arrival.who, ambito)
    wanted = read_value(NewObjective, arrival.document)
    key, baseline = _measured(await plan_in_force(session, ambito), wanted, arrival.on)
    row = ObjectiveRow(
        **wanted.model_dump() | {"baseline": baseline},
        ambito=ambito,
        id=arrival.new_id(),
        revision=1,
        is_withdrawn=False,
        municipality=key.municipality or lead_of(ambito),
        starts_on=arrival.on,
        organisation=arrival.who.organisation,
        decided_at=arrival.at,
    )
    _take(session, arrival, row, ObjectiveSet)
    return answer(201, ObjectiveStep.of(row), Location=f"/plans/{ambito}/objectives")


async def _withdraw(ambito: str, objective_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    own(arrival.who, ambito)
    wanted = read_value(ObjectiveWithdrawal, arrival.document)
    await store.open_book(session, ambito)
    last = await store.latest_step(session, ambito, objective_id)
    if last is None:
        raise not_found(f"/plans/{ambito}/objectives/{objective_id}")
    if last.is_withdrawn:
        raise Problem(409, "objective-withdrawn", of_status(409).title, _WITHDRAWN)
    changes = {
        "revision": last.revision + 1,
        "is_withdrawn": True,
        "reason": wanted.reason,
        "organisation": arrival.who.organisation,
        "decided_at": arrival.at,
    }
    row = ObjectiveRow(**last.model_dump() | changes)
    _take(session, arrival, row, ObjectiveWithdrawn)
    return answer(200, ObjectiveStep.of(row))


def _take(
    session: AsyncSession, arrival: Arrival, row: ObjectiveRow, step: type[ObjectiveSet] | type[ObjectiveWithdrawn]
) -> None:
    """Write the step into the book, and tell it."""
    session.add(row)
    told = row.model_dump(exclude={"id", "is_withdrawn", "decided_at"})
    event = step(**told, objective_id=row.id, on=arrival.on)
    outbox.put(session, [announced(row.id, row.ambito, event, arrival.at, arrival.traceparent)])


def _measured(plan: Plan, wanted: NewObjective, on: date) -> tuple[FigureKey, int]:
    """The figure's key, and the value to start from; raises `Problem` 422 that names the field and the remedy."""
    key = key_of(wanted.figure)
    if key not in plan.figures:
        raise invalid([FieldError("/figure", wanted.figure, _NO_FIGURE, _NO_FIGURE_REMEDY)])
    if wanted.due_on <= on:
        raise invalid([FieldError("/due_on", wanted.due_on.isoformat(), _TOO_SOON, _TOO_SOON_REMEDY)])
    baseline = plan.figures[key] if wanted.baseline is None else wanted.baseline
    if wanted.target == baseline:
        raise invalid([FieldError("/target", str(wanted.target), _NO_CHANGE, _NO_CHANGE_REMEDY)])
    return key, baseline


def lead_of(ambito: str) -> str:
    """The ISTAT code of the lead municipality; raises `Problem` 404 where no territory is installed."""
    try:
        return territory_of(ambito).lead.istat_code
    except UnknownAmbitoError:
        raise no_plan(ambito) from None


def _is_told(plans: Asked, found: Commitment) -> bool:
    """One that is measured by households is shown to who may see them."""
    return plans.opens(key_of(found.objective.figure))


def _beside(plans: Asked, found: Commitment) -> PlanObjective:
    objective, key = found.objective, key_of(found.objective.figure)
    return PlanObjective(
        **objective._asdict(),
        label_it=label_it(key.figure, key.year),
        measure=key.measure,
        expected=found.expected,
        actual=found.actual,
        missing=found.missing,
        status=found.status,
        _links={"why": plans.path(f"figures/{objective.figure}/why")},
    )


_WITHDRAWN = Text("L’obiettivo è già stato ritirato.", "The objective has been withdrawn already.")
_NO_FIGURE = Text("Nel piano non c’è questo numero.", "The plan has no such figure.")
_NO_FIGURE_REMEDY = Text("Sceglierne uno tra quelli di /figures.", "Choose one of those of /figures.")
_TOO_SOON = Text("La scadenza deve venire dopo oggi.", "The deadline must lie after today.")
_TOO_SOON_REMEDY = Text("Indicare un giorno futuro.", "Give a day to come.")
_NO_CHANGE = Text("Il traguardo è il valore di partenza.", "The target is the value to start from.")
_NO_CHANGE_REMEDY = Text("Indicare un traguardo diverso.", "Give another target.")
