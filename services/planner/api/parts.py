"""The seven parts of the plan as data: sentences and texts with their figures, what these are made of, lists."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from services.planner.api.editions import Asked, PlanHead, Plans, ShortText, not_found
from services.planner.api.listings import Municipality
from services.planner.api.material import material_of
from services.planner.api.readers import sees_households, sees_need
from services.planner.api.texts import PlanText, texts_in
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.parts import PARTS, Item, PlanPart, part_of
from services.planner.domain.parts.reading import NEED, OF_HOUSEHOLDS, for_all, read_part
from services.planner.domain.texts.catalogue import sections_of
from shared.arrivals import Shape
from shared.openapi import problems

router = APIRouter(prefix="/plans", tags=["parts"], responses=problems(404))
NumberText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=40)]


class Told(Shape):
    """A sentence, and the figures in it by their identifiers."""

    text_it: str = Field(max_length=2000)
    figures: list[ShortText] = Field(max_length=50)


class Operand(Shape):
    """What a formula took: a name, and a number where it has one."""

    name: ShortText
    value: NumberText | None


class PartFigure(Shape):
    """A figure of a part; `value` is a number as text: a count, thousandths, or a decimal, as `unit` says."""

    id: ShortText
    unit: FigureUnit
    value: NumberText | None
    formula: ShortText
    operands: list[Operand] = Field(max_length=1000)
    parameters: list[ShortText] = Field(max_length=50)


class PartValue(Shape):
    """One value of an entry, as text."""

    name: ShortText
    value: str | None = Field(max_length=2000)


class Entry(Shape):
    """Voce di un elenco: what was declared or follows from the state, where and whose, with its sources."""

    kind: ShortText
    text_it: str = Field(max_length=2000)
    municipality: ShortText | None
    owner: ShortText | None
    values: list[PartValue] = Field(max_length=50)
    sources: list[ShortText] = Field(max_length=50)


class PartAnswer(PlanHead):
    """One part of the plan, of the whole ambito or of one municipality; its texts are of the whole ambito."""

    number: int = Field(ge=1, le=7)
    title_it: ShortText
    municipality: ShortText | None
    sentences: list[Told] = Field(max_length=100)
    figures: list[PartFigure] = Field(max_length=10_000)
    items: list[Entry] = Field(max_length=10_000)
    texts: list[PlanText] = Field(max_length=100)


@router.get(
    "/{ambito}/parts/{number}",
    operation_id="plan_part",
    summary="Una delle sette parti del piano",
    description="1 quadro conoscitivo, 2 quadro ricognitivo, 3 fabbisogno, 4 patrimonio e offerta, 5 strategie e "
    "alienazioni, 6 emergenza, 7 accesso e permanenza: frasi con i loro numeri, numeri con i loro addendi, elenchi, "
    "e i testi scritti dagli uffici, che sono dell’intero ambito.",
)
async def part(
    plans: Plans, number: Annotated[int, Path(ge=1, le=len(PARTS))], municipality: Municipality = None
) -> PartAnswer:
    check_place(plans, municipality)
    state = await plans.state()
    material = material_of(plans, state)
    is_open = sees_need(plans.who) if number == NEED else sees_households(plans.who, municipality)
    if number in OF_HOUSEHOLDS and not is_open:
        material = for_all(material)
    found = await asyncio.to_thread(part_of, number, material, municipality)
    texts = [] if municipality else texts_in(plans, state, sections_of(number))
    return _answer(plans, read_part(found, plans.reading), municipality, texts)


def check_place(plans: Asked, municipality: str | None) -> None:
    """Raises `Problem` 404 for a municipality that is not the ambito's."""
    if municipality is not None and municipality not in plans.plan.names:
        raise not_found(
            f"Il comune {municipality} non fa parte dell’ambito {plans.plan.ambito}.",
            f"Municipality {municipality} is not part of ambito {plans.plan.ambito}.",
        )


def _answer(plans: Asked, found: PlanPart, municipality: str | None, texts: list[PlanText]) -> PartAnswer:
    return PartAnswer(
        **plans.head.model_dump(),
        number=found.number,
        title_it=found.title_it,
        municipality=municipality,
        sentences=sentences_of(found),
        figures=[part_figure(figure) for figure in found.figures],
        items=[_entry(item) for item in found.items],
        texts=texts,
    )


def sentences_of(found: PlanPart) -> list[Told]:
    return [Told(text_it=sentence.text, figures=list(sentence.figures)) for sentence in found.sentences]


def part_figure(figure: Figure) -> PartFigure:
    return PartFigure(
        id=figure.id,
        unit=figure.unit,
        value=None if figure.value is None else str(figure.value),
        formula=figure.formula,
        operands=[Operand(name=name, value=None if value is None else str(value)) for name, value in figure.operands],
        parameters=list(figure.parameters),
    )


def _entry(item: Item) -> Entry:
    return Entry(
        kind=item.kind,
        text_it=item.text_it,
        municipality=item.municipality,
        owner=item.owner,
        values=[PartValue(name=name, value=None if value is None else str(value)) for name, value in item.values],
        sources=list(item.sources),
    )
