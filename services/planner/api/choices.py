"""What owners declare, what the model says, what the plan adopts; and the reasoned choice between the first two."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import AmbitoPath, PlanHead, Plans, ShortText, Whole, Year, not_found, own
from services.planner.api.listings import Municipality, OfFigures
from services.planner.domain.adopted import three_columns
from services.planner.domain.supply.adoption import Basis, Quantity
from services.planner.store import choices as store
from services.planner.store.decisions import announced
from services.planner.tables import ChoiceRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, once, read_value
from shared.bus import outbox
from shared.events import AdoptedQuantity, AdoptionBasis, AdoptionChosen
from shared.events.base import IstatCode, LongText, OrganisationId
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.territory import names_of
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["adopted"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(16_384))]


class NewChoice(Shape):
    """Which value the plan adopts for an owner in a municipality and year, and why; `RULE` takes a choice back."""

    municipality: IstatCode
    owner: OrganisationId
    year: Annotated[int, Field(ge=2017, le=2100)]
    quantity: AdoptedQuantity
    basis: AdoptionBasis
    reason: LongText


class Choice(Shape):
    """Scelta motivata; `revision` counts the choices of this cell."""

    id: UUID
    municipality: ShortText
    owner: ShortText
    year: Year
    quantity: AdoptedQuantity
    basis: AdoptionBasis
    reason: str = Field(max_length=2000)
    revision: Whole
    organisation: ShortText

    @classmethod
    def of(cls, row: ChoiceRow) -> Choice:
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class AdoptedItem(Shape):
    """Dichiarato, previsto e adottato: counts declared, thousandths modelled and adopted, the model's 80 % band."""

    municipality: ShortText
    owner: ShortText
    year: Year
    quantity: Quantity
    declared: Whole | None
    model: Whole
    low: Whole
    high: Whole
    basis: Basis
    adopted: Whole
    reason: str = Field(max_length=2000)


class AdoptedPage(PlanHead):
    """Three columns for every municipality, owner and year."""

    items: list[AdoptedItem] = Field(max_length=1000)
    links: PageLinks = Field(alias="_links")


BODIES: Final = (NewChoice,)
"""Read strictly."""


@router.get(
    "/{ambito}/adopted",
    operation_id="adopted_list",
    summary="Dichiarato, previsto e adottato",
    description="Per ogni comune, proprietario e anno: che cosa ha dichiarato il proprietario, che cosa dice la "
    "previsione, quale dei due usa il piano e perché.",
)
async def adopted(
    plans: Plans,
    window: OfFigures,
    municipality: Municipality = None,
) -> AdoptedPage:
    plan = plans.plan
    every = three_columns(plan.adopted, plan.outlooks, plan.triennium.years)
    found = sorted((key, columns) for key, columns in every if municipality in (None, key[0]))
    shown, links = window.cut(partial(plans.path, "adopted"), found, municipality=municipality)
    items = [
        AdoptedItem(
            municipality=place,
            owner=owner,
            year=year,
            quantity=quantity,
            **{name: value for name, value in columns._asdict().items() if name != "is_estimated"},
        )
        for (place, owner, year, quantity), columns in shown
    ]
    return AdoptedPage(**plans.head.model_dump(), items=items, _links=links)


@router.post(
    "/{ambito}/choices",
    status_code=201,
    operation_id="choice_make",
    summary="Scegliere il valore da adottare",
    description="Tra quello dichiarato e quello previsto, con il motivo. Solo il capofila e il suo partner tecnico.",
    responses=responses({201: (Choice, "Scelta registrata")}),
    openapi_extra=body(
        "NewChoice",
        "Che cosa adottare, e perché",
        previsione={
            "municipality": "019036",
            "owner": "aler-bcm",
            "year": 2027,
            "quantity": "TURNOVER",
            "basis": "MODEL",
            "reason": "la dichiarazione riguarda due anni insieme",
        },
    ),
    response_class=Response,
)
async def choose(db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(_choose, ambito))


async def _choose(ambito: str, arrival: Arrival, session: AsyncSession) -> Answer:
    own(arrival.who, ambito)
    wanted = read_value(NewChoice, arrival.document)
    if wanted.municipality not in names_of(ambito):
        raise not_found(
            f"Il comune {wanted.municipality} non fa parte dell’ambito {ambito}.",
            f"Municipality {wanted.municipality} is not part of ambito {ambito}.",
        )
    row = ChoiceRow(
        ambito=ambito,
        municipality=wanted.municipality,
        owner=wanted.owner,
        year=wanted.year,
        quantity=wanted.quantity,
        revision=0,
        id=arrival.new_id(),
        basis=wanted.basis,
        reason=wanted.reason,
        organisation=arrival.who.organisation,
        chosen_at=arrival.at,
    )
    await store.number_choice(session, row)
    event = AdoptionChosen(
        choice_id=row.id,
        ambito=ambito,
        revision=row.revision,
        on=arrival.on,
        organisation=row.organisation,
        **dict(wanted),
    )
    outbox.put(session, [announced(row.id, ambito, event, arrival.at, arrival.traceparent)])
    return answer(201, Choice.of(row), Location=f"/plans/{ambito}/adopted?municipality={row.municipality}")
