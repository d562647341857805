"""What the parts of a plan are made of, and what a part is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from services.planner.domain.emergency.placing import Metres
from services.planner.domain.labels import LABELS
from services.planner.domain.narrative.figures import Figure, FigureUnit
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.needs import People
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from services.planner.domain.strategies.directives import Directive
from services.planner.domain.survey.people import Survey

AMBITO = "ambito"
"""The scope of figures that are the whole ambito's."""


@dataclass(frozen=True, slots=True)
class Material:
    """Ciò di cui il piano è fatto: the state it follows from, its rules, and what is known of the territory.

    `survey` is None, and `inhabitants` and `metres` empty, for a territory that is not installed; `inhabitants` are by
    municipality and year, `metres` between municipalities. Where it `is_for_all` no part tells a count of households
    but in steps.
    """

    plan: Plan
    state: PlanState
    rules: Rules
    survey: Survey | None
    people: People
    inhabitants: Mapping[str, Mapping[int, int]]
    directives: tuple[Directive, ...]
    metres: Metres = field(default_factory=dict)
    is_for_all: bool = False

    def place_it(self, municipality: str | None) -> str:
        """How a text begins: `Nel comune di Cremona`."""
        if municipality is None:
            return "Nell’ambito"
        return f"Nel comune di {self.plan.names.get(municipality, municipality)}"


class Item(NamedTuple):
    """Voce di un elenco: a text as it was declared or derived, where, whose, with its numbers and its sources."""

    kind: str
    text_it: str
    municipality: str | None
    owner: str | None
    values: tuple[tuple[str, int | Decimal | str | None], ...] = ()
    sources: tuple[str, ...] = ()


class PlanPart(NamedTuple):
    """Parte del piano: its number in the document, its title, sentences, figures and lists."""

    number: int
    title_it: str
    sentences: tuple[Sentence, ...]
    figures: tuple[Figure, ...]
    items: tuple[Item, ...] = ()


def scope_of(municipality: str | None) -> str:
    return municipality or AMBITO


def figures_in_plan(plan: Plan, municipality: str | None, names: Iterable[str]) -> tuple[Figure, ...]:
    """Figures that the plan holds, all owners together, as those of the texts."""
    found = []
    for name in names:
        value = plan.figures.get(FigureKey(municipality, None, name, None))
        found.append(Figure(scope_of(municipality), name, FigureUnit(LABELS[name].measure.value), value, name))
    return tuple(found)
