"""The housing need of the components that somebody asks for; the plan's own counts them all, and stays as it is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from services.planner.api.editions import PlanHead, Plans, ShortText
from services.planner.api.listings import Municipality
from services.planner.api.material import material_of
from services.planner.api.parts import PartFigure, Told, check_place, part_figure, sentences_of
from services.planner.api.readers import sees_households
from services.planner.domain.need.declared import EVERY_COMPONENT, Component
from services.planner.domain.need.sentences import LABELS
from services.planner.domain.parts.need import need_part
from services.planner.domain.parts.reading import for_all, read_part
from shared.arrivals import Shape
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["parts"], responses=problems(404))
Switched = Annotated[
    list[Component] | None,
    Query(max_length=len(Component), description="Le componenti da contare; senza, tutte, come nel piano"),
]


class NeedComponent(Shape):
    """Componente del fabbisogno, and whether this answer counts it."""

    component: Component
    label_it: ShortText
    is_counted: bool


class NeedAnswer(PlanHead):
    """Fabbisogno delle componenti contate; `is_of_plan` when they are all, and the figures those of the plan."""

    municipality: ShortText | None
    is_of_plan: bool
    components: list[NeedComponent] = Field(max_length=len(Component))
    sentences: list[Told] = Field(max_length=100)
    figures: list[PartFigure] = Field(max_length=10_000)


@router.get(
    "/{ambito}/need",
    operation_id="plan_need",
    summary="Il fabbisogno, con le componenti che si vogliono contare",
    description="Quale sarebbe il fabbisogno contando solo alcune componenti. Nulla viene scritto: il piano le conta "
    "tutte. Di una parte delle componenti i numeri sono per chi scrive il piano e, dei propri, per il comune.",
)
async def need(plans: Plans, municipality: Municipality = None, components: Switched = None) -> NeedAnswer:
    check_place(plans, municipality)
    counted = frozenset(components) if components else EVERY_COMPONENT
    material = material_of(plans, await plans.state())
    if not sees_households(plans.who, municipality):
        material = for_all(material)
    found = read_part(await asyncio.to_thread(need_part, material, municipality, counted), plans.reading)
    return NeedAnswer(
        **plans.head.model_dump(),
        municipality=municipality,
        is_of_plan=counted == EVERY_COMPONENT,
        components=[
            NeedComponent(component=component, label_it=LABELS[component], is_counted=component in counted)
            for component in Component
        ],
        sentences=sentences_of(found),
        figures=[part_figure(figure) for figure in found.figures],
    )
