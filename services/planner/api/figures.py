"""Every number opens: a figure of the plan, what it is made of, and the events it stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field

from services.planner.api.editions import Asked, PlanHead, Plans, ShortText, Whole, Year, not_found
from services.planner.api.listings import OfFigures
from services.planner.api.material import material_of
from services.planner.domain.details import Detail, detail_of, details_of
from services.planner.domain.formulas import FORMULAS
from services.planner.domain.labels import label_it
from services.planner.domain.moves import place_in_report
from services.planner.domain.operands import Operand, operands_of
from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.rules import Source
from services.planner.domain.why import Cited, cited, parts_of, subjects_of
from shared.arrivals import PageLinks, Shape
from shared.events import Measure
from shared.events.decisions import FIGURE_ID
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["figures"], responses=problems(404))
FigurePath = Annotated[str, Path(pattern=FIGURE_ID, max_length=150)]


class Figure(Shape):
    """One figure: a count, or thousandths; no owner means all, no year the present or the triennium.

    A column of the annual plan has no value where only the owner can tell it, or has not declared it.
    """

    id: str = Field(max_length=150)
    figure: ShortText
    label_it: ShortText
    owner: ShortText | None
    year: Year | None
    measure: Measure
    value: Whole | None


class PlacedFigure(Figure):
    """A figure and where it belongs; no municipality means the ambito."""

    municipality: ShortText | None


class FigurePage(PlanHead):
    """Figures in the order of the plan."""

    items: list[PlacedFigure] = Field(max_length=1000)
    links: PageLinks = Field(alias="_links")


class FigureAnswer(PlanHead):
    """One figure of one plan."""

    item: PlacedFigure
    links: dict[str, str] = Field(alias="_links", max_length=10)


class Formula(Shape):
    """How the figure is made: a name, what it says in plain words, and where that is laid down."""

    name: ShortText
    text_it: str = Field(max_length=2000)
    source: ShortText


class Parameter(Shape):
    """A legal parameter in force, or an assumption, which is shown as such."""

    name: ShortText
    value: str | None = Field(max_length=500)
    article: ShortText
    gazette: ShortText | None
    status: ShortText


class Input(Shape):
    """One home, case or declaration that the count is made of, and the events that decide it.

    `effect` 0: it is not counted any more, because of these events. `jointly`: only all of them together decide.
    """

    kind: ShortText
    subject: ShortText
    effect: Whole
    events: list[UUID] = Field(max_length=1000)
    jointly: bool
    on: date


class FormulaOperand(Shape):
    """What the formula took: a name, and a number as text where it has one."""

    name: ShortText
    value: str | None = Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=40)


class WhyAnswer(PlanHead):
    """Perché questo numero: the figure, its formula, the figures that add up to it, its operands and its inputs."""

    item: PlacedFigure
    formula: Formula
    parameters: list[Parameter] = Field(max_length=50)
    parts: list[PlacedFigure] = Field(max_length=5000)
    operands: list[FormulaOperand] = Field(max_length=5000)
    inputs: list[Input] = Field(max_length=1000)
    input_count: Whole
    links: PageLinks = Field(alias="_links")


@router.get(
    "/{ambito}/figures",
    operation_id="figure_list",
    summary="I numeri del piano",
    description="Tutti, o quelli di un comune, di un proprietario, di un anno. Con `detail` invece quelli dell’offerta "
    "per classe dimensionale e servizio (KINDS) o delle colonne a-k del piano annuale (COLUMNS). "
    "Chi non può vedere le famiglie di un territorio ne ha il fabbisogno a multipli di cinque, per difetto.",
)
async def figures(
    plans: Plans,
    window: OfFigures,
    detail: Detail | None = None,
    municipality: Annotated[str | None, Query(pattern=r"^(-|[0-9]{6})$", max_length=6)] = None,
    owner: Annotated[str | None, Query(pattern=r"^(-|[a-z0-9][a-z0-9-]{0,63})$", max_length=64)] = None,
    figure: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,60}$", max_length=60)] = None,
    year: Annotated[int | None, Query(ge=2000, le=2200)] = None,
) -> FigurePage:
    asked = {"municipality": municipality, "owner": owner, "figure": figure, "year": year}
    wanted = {name: None if value == "-" else value for name, value in asked.items() if value is not None}
    values = await _values(plans, detail)
    found = [key for key in values if all(getattr(key, name) == value for name, value in wanted.items())]
    found.sort(key=place_in_report)
    shown, links = window.cut(partial(plans.path, "figures"), found, detail=detail, **asked)
    items = [placed(key, values[key]) for key in shown]
    return FigurePage(**plans.head.model_dump(), items=items, _links=links)


@router.get(
    "/{ambito}/figures/{figure_id}",
    operation_id="figure_show",
    summary="Un numero del piano",
    description="Il valore, l’unità, il territorio, il proprietario e l’anno, e dove se ne legge il perché.",
)
async def figure(plans: Plans, figure_id: FigurePath) -> FigureAnswer:
    key, values = await _found(plans, figure_id)
    why = plans.path(f"figures/{figure_id}/why")
    return FigureAnswer(**plans.head.model_dump(), item=placed(key, values[key]), _links={"why": why})


@router.get(
    "/{ambito}/figures/{figure_id}/why",
    operation_id="figure_why",
    summary="Perché questo numero",
    description="La formula, le parti che lo compongono, i fatti che lo decidono, i parametri e gli articoli.",
)
async def why(plans: Plans, figure_id: FigurePath, window: OfFigures) -> WhyAnswer:
    key, values = await _found(plans, figure_id)
    formula = FORMULAS[key.figure]
    parts = parts_of(values, key)
    inputs: list[Cited] = []
    if not parts and key.municipality is not None and formula.counts:
        messages = await plans.messages()
        inputs = await asyncio.to_thread(lambda: sorted(cited(key, plans.method.bands, subjects_of(messages))))
    operands: tuple[Operand, ...] = ()
    if not parts and (not formula.counts or detail_of(key.figure)) and plans.opens(key):
        operands = await asyncio.to_thread(operands_of, material_of(plans, await plans.state()), key)
    sources = plans.method.law(plans.plan.rules_on).sources
    shown, links = window.cut(partial(plans.path, f"figures/{figure_id}/why"), inputs)
    return WhyAnswer(
        **plans.head.model_dump(),
        item=placed(key, values[key]),
        formula=Formula(name=formula.name, text_it=formula.text_it, source=formula.source),
        parameters=[_parameter(name, sources[name]) for name in formula.parameters],
        parts=[placed(*part) for part in parts if part.key in values],
        operands=[FormulaOperand(name=o.name, value=None if o.value is None else str(o.value)) for o in operands],
        inputs=[_input(one) for one in shown],
        input_count=len(inputs),
        _links=links,
    )


def figures_of(plans: Asked, municipality: str | None) -> list[Figure]:
    found = plans.figures
    keys = [key for key in found if key.municipality == municipality]
    return [Figure(**_plain(key, found[key])) for key in sorted(keys, key=place_in_report)]


def placed(key: FigureKey, value: int | None) -> PlacedFigure:
    return PlacedFigure(**_plain(key, value), municipality=key.municipality)


async def _values(plans: Asked, detail: Detail | None) -> Mapping[FigureKey, int | None]:
    """The figures kept with the plan or, of a detail, computed now."""
    if detail is None:
        return plans.figures
    rules = plans.method.law(plans.plan.rules_on)
    return await asyncio.to_thread(details_of, detail, await plans.state(), plans.plan, rules)


async def _found(plans: Asked, figure_id: str) -> tuple[FigureKey, Mapping[FigureKey, int | None]]:
    """Raises `Problem` 404, the same for a figure that there is not and one that is not told."""
    key = key_of(figure_id)
    values = await _values(plans, detail_of(key.figure))
    if key not in values:
        raise not_found(f"Nel piano non c’è il numero {figure_id}.", f"There is no figure {figure_id} in the plan.")
    return key, values


def _plain(key: FigureKey, value: int | None) -> dict[str, object]:
    return {
        "id": key.id,
        "figure": key.figure,
        "label_it": label_it(key.figure, key.year),
        "owner": key.owner,
        "year": key.year,
        "measure": key.measure,
        "value": value,
    }


def _parameter(name: str, source: Source) -> Parameter:
    value = source.value if isinstance(source.value, str | None) else ", ".join(map(str, source.value))
    return Parameter(name=name, value=value, article=source.article, gazette=source.gazette, status=source.status)


def _input(one: Cited) -> Input:
    return Input(
        kind=one.subject.kind,
        subject=one.subject.name,
        effect=one.effect,
        events=list(one.events),
        jointly=one.is_joint,
        on=one.on,
    )
