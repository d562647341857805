"""What a figure is made of, as tables: figures that add up to it, operands, parameters, homes that nobody lives in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from services.planner.domain.details import detail_of
from services.planner.domain.formulas import FORMULAS
from services.planner.domain.labels import STATUS_FIGURES
from services.planner.domain.narrative.figures import is_in_steps
from services.planner.domain.operands import Operand, operands_of
from services.planner.domain.plan import FigureKey
from services.planner.domain.publication import is_of_households
from services.planner.domain.rules import Source
from services.planner.domain.why import Cited, Part, cited, parts_of, subjects_of
from services.planner.law.labels import law_labels
from services.planner.pages.addresses import Addresses
from services.planner.pages.desk import Shown
from services.planner.pages.operand_words import name_it
from services.planner.pages.views import Table, owner_name
from shared.events import Measure, Message, UnitChanged
from shared.pages import Cell, Column, say
from shared.pages.formats import number, thousandths
from shared.pages.layout import ColumnType

VACANT: Final = {
    figure: status
    for status, figure in STATUS_FIGURES.items()
    if figure not in ("occupied", "occupied_without_title", "sat_reserved", "sat_occupied")
}
"""Counts of homes that nobody lives in: only of these are the homes named."""
NAMED: Final = 100


def tables_of(
    plan: Shown, key: FigureKey, values: Mapping[FigureKey, int | None], at: Addresses, messages: Sequence[Message]
) -> Iterator[Table]:
    """The law it rests on, then its parts or, where it has none, what its formula took and which homes it counts."""
    formula = FORMULAS[key.figure]
    if formula.parameters:
        yield _parameters(formula.parameters, plan.material.rules.sources)
    if parts := parts_of(values, key):
        yield _parts(plan, key, values[key], parts, at)
    elif found := _operands(plan, key):
        yield operand_table([[Cell(name_it(one.name)), Cell(_operand(one.name, one.value))] for one in found])
    if key.figure in VACANT and key.municipality is not None:
        yield _homes(plan, key, messages)


def operand_table(rows: Sequence[Sequence[Cell]]) -> Table:
    columns = [Column(say("Che cosa", "What")), Column(say("Valore", "Value"), "shown")]
    return Table(say("Che cosa ha preso la formula", "What the formula took"), columns, rows)


def kind_of(key: FigureKey) -> ColumnType:
    return "thousandths" if key.measure is Measure.THOUSANDTHS else "number"


def _parts(plan: Shown, key: FigureKey, value: int | None, parts: Sequence[Part], at: Addresses) -> Table:
    """With their sum, where nothing of it is kept back."""
    names, amount = plan.asked.plan.names, sum(part.value for part in parts)
    unit = 1000 if all(is_in_steps(key.figure, part.value) for part in parts) else 1
    columns = [Column(say("Parte", "Part")), Column(say("Valore", "Value"), kind_of(key) if unit == 1 else "number")]
    rows = []
    for part in parts:
        of = (
            names.get(part.key.municipality or "", "")
            if key.municipality is None
            else owner_name(part.key.owner, names)
        )
        rows.append([Cell(of, href=at.figure(part.key.id)), Cell(part.value // unit)])
    total = [Cell(say("Somma", "Sum")), Cell(amount // unit)] if amount == value else None
    return Table(say("Le parti che lo compongono", "The parts it is made of"), columns, rows, total)


def _parameters(used: Sequence[str], sources: Mapping[str, Source]) -> Table:
    """The law's and the method's parameters; an assumption says that it is one."""
    labels = law_labels().parameters
    columns = [
        Column(say("Parametro", "Parameter")),
        Column(say("Valore", "Value")),
        Column(say("Articolo", "Article")),
        Column(say("Da dove si sa", "How it is known")),
    ]
    rows = []
    for name in used:
        source = sources[name]
        value = source.value if isinstance(source.value, str | None) else ", ".join(map(str, source.value))
        known = say("letto nel testo", "read in the text") if source.status == "read" else say("ipotesi", "assumption")
        label = labels[name].name if name in labels else name
        rows.append([Cell(label), Cell(value), Cell(source.article), Cell(known)])
    return Table(say("Parametri", "Parameters"), columns, rows)


def _operands(plan: Shown, key: FigureKey) -> tuple[Operand, ...]:
    """None of a count of homes, and none that is a count of households."""
    is_counted = FORMULAS[key.figure].counts and not detail_of(key.figure)
    return () if is_counted or is_of_households(key.figure) else operands_of(plan.material, key)


def _operand(name: str, value: int | Decimal | None) -> str | None:
    """Origins and size classes are thousandths of a home, the rest counts."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return number(value, 2)
    is_count = name.startswith(("exits_", "occupied_", "homes_", "declared"))
    return number(value) if is_count else thousandths(value)


def _homes(plan: Shown, key: FigureKey, messages: Sequence[Message]) -> Table:
    """The homes that the count is of, and since when: none that anybody lives in."""
    status = VACANT[key.figure]
    here = {
        subject: told
        for subject, told in subjects_of(messages).items()
        if any(isinstance(one.event, UnitChanged) and one.event.after.status is status for one in told)
    }
    found = sorted((one for one in cited(key, plan.asked.method.bands, here) if one.effect), key=_newest_first)
    columns = [
        Column(say("Alloggio", "Home")),
        Column(say("Dal", "Since"), "day"),
        Column(say("Comunicazioni che lo decidono", "Reports that decide it"), "number"),
    ]
    rows = [[Cell(one.subject.name), Cell(one.on), Cell(len(one.events))] for one in found[:NAMED]]
    told = say(f"i {NAMED} più recenti di {len(found)}", f"the {NAMED} latest of {len(found)}")
    shown = told if len(found) > NAMED else str(len(found))
    return Table(say(f"Gli alloggi contati: {shown}", f"The homes counted: {shown}"), columns, rows)


def _newest_first(one: Cited) -> tuple[int, str]:
    return -one.on.toordinal(), one.subject.name
