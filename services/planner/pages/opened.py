"""Perché questo numero, for everybody: what a figure is made of, and nothing by which a household could be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from services.planner.document.drawings import Bar, bar_chart
from services.planner.document.model import Span
from services.planner.domain.details import detail_of, details_of
from services.planner.domain.formulas import FORMULAS, NEED_SOURCE
from services.planner.domain.labels import LABELS, label_it
from services.planner.domain.narrative.figures import Figure, FigureUnit, is_in_steps
from services.planner.domain.need.figures import FORMULAS as NEED_FORMULAS
from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.publication import is_of_households
from services.planner.domain.survey.figures import FORMULAS as SURVEY_FORMULAS
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.pages.addresses import Addresses
from services.planner.pages.blocks import Chart, chart_of
from services.planner.pages.desk import Shown
from services.planner.pages.made_of import operand_table, tables_of
from services.planner.pages.operand_words import name_it
from services.planner.pages.views import Table, owner_name
from services.planner.pages.words import in_steps
from shared.events import Measure, Message
from shared.pages import Cell, say
from shared.pages.formats import number, percent, thousandths


class FormulaTold(NamedTuple):
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Cifra aperta: whose it is, its value in words, how it is made and of what."""

    label: str
    place: str
    place_href: str
    owner: str | None
    value: str
    unit: str
    band: str
    formula: FormulaTold
    tables: Sequence[Table]
    chart: Chart | None = None
    is_of_households: bool = False
    level: int = 0
    """By which an open page tells whether the value went up or down; of few households none."""


def open_figure(plan: Shown, name: str, at: Addresses, messages: Sequence[Message]) -> Opened | None:
    """The figure of the address; None where there is none, or it is not told."""
    if name.count(":") == 1:
        scope, _, figure = name.partition(":")
        return _of_part(plan, scope, figure, at)
    key = key_of(name)
    detail = detail_of(key.figure)
    material, figures = plan.material, plan.asked.figures
    values = details_of(detail, material.state, material.plan, material.rules) if detail else figures
    if key not in values:
        return None
    return _of_plan(plan, key, values, at, messages)


def _of_plan(
    plan: Shown, key: FigureKey, values: Mapping[FigureKey, int | None], at: Addresses, messages: Sequence[Message]
) -> Opened:
    names, formula = plan.asked.plan.names, FORMULAS[key.figure]
    place = names[key.municipality] if key.municipality else say("Intero ambito", "Whole ambito")
    span = _span(values, key)
    return Opened(
        label=label_it(key.figure, key.year),
        place=place,
        place_href=at.municipality(key.municipality) if key.municipality else at.home,
        owner=owner_name(key.owner, names) if key.owner else None,
        value=_value(key, values[key]),
        unit=unit_of(key.figure),
        band=_band(span),
        formula=FormulaTold(formula.text_it, formula.source),
        tables=tuple(tables_of(plan, key, values, at, messages)),
        chart=_chart(plan, key, values) if span else None,
        is_of_households=is_of_households(key.figure),
        level=0 if is_of_households(key.figure) else values[key] or 0,
    )


def _value(key: FigureKey, value: int | None) -> str:
    """As it is read; households are told from the lower end of the step that they lie in."""
    if key.figure == "open_cases":
        return in_steps(value or 0)
    if key.figure.startswith("need_") and value is not None and not key.figure.endswith(("_low", "_high")):
        return say("almeno ", "at least ") + _mean(key.figure, value)
    if value is None:
        return say("non disponibile", "not available")
    if key.figure.startswith("coverage"):
        return percent(Decimal(value) / 1000, 1)
    return _mean(key.figure, value) if key.measure is Measure.THOUSANDTHS else number(value)


def _mean(figure: str, value: int) -> str:
    """Thousandths as they are read: to the tenth, or whole where they are households told in steps."""
    return number(value // 1000) if is_in_steps(figure, value) else thousandths(value)


def unit_of(figure: str) -> str:
    """What is counted."""
    if figure.startswith("coverage"):
        return say("delle famiglie in fabbisogno", "of the households in need")
    if figure.startswith("pressure"):
        return say("ambito = 1", "ambito = 1") if "rank" not in figure else say("posto in graduatoria", "rank")
    if figure == "need_yearly" or not figure.startswith(("need_", "open_", "emergency_")):
        return say("alloggi", "homes")
    named = {"open_cases": say("casi", "cases"), "emergency_actions": say("azioni", "actions")}
    return named.get(figure, say("famiglie", "households"))


def _span(values: Mapping[FigureKey, int | None], key: FigureKey) -> Span | None:
    """The band of a mean."""
    if key.figure.startswith(("coverage", "pressure")) or key.figure.endswith(("_low", "_high")):
        return None
    what = key.figure.removesuffix("_mean")
    if f"{what}_low" not in LABELS:
        return None
    low, high = (values.get(key._replace(figure=f"{what}_{end}")) for end in ("low", "high"))
    return None if low is None or high is None else Span(low, high)


def _band(span: Span | None) -> str:
    if span is None:
        return ""
    low, high = map(number, span)
    return say(f"da {low} a {high}, 80 volte su 100", f"from {low} to {high}, 80 times in 100")


def _chart(plan: Shown, key: FigureKey, values: Mapping[FigureKey, int | None]) -> Chart:
    """Of every year, from zero, each with the interval it may lie in."""
    unit, measure = (1000, Measure.COUNT) if is_of_households(key.figure) else (1, Measure.THOUSANDTHS)
    bars = []
    for year in plan.asked.plan.years:
        of_year = key._replace(year=year)
        value, span = values.get(of_year), _span(values, of_year)
        if value is not None and span is not None:
            bars.append(Bar("Triennio" if year is None else str(year), max(value, 0) // unit, span))
    return chart_of(bar_chart(label_it(key.figure, None), bars, measure, "con l’intervallo"))


def _of_part(plan: Shown, scope: str, name: str, at: Addresses) -> Opened | None:
    """A figure of the survey, of the need or of the measures, of which the document tells."""
    figure = _survey_figure(plan, scope, name) or _told_figure(plan, scope, name)
    if figure is None or figure.value is None:
        return None
    is_open = f"{scope}:{name}" not in plan.told
    texts = {**SURVEY_FORMULAS, **NEED_FORMULAS}
    text = texts.get(figure.formula, name_it(name))
    names = plan.asked.plan.names
    rows = [[Cell(name_it(what)), Cell(_plain(value))] for what, value in figure.operands] if is_open else []
    tables = [operand_table(rows)] if rows else []
    return Opened(
        label=name_it(name),
        place=names.get(scope, say("Intero ambito", "Whole ambito")),
        place_href=at.municipality(scope) if scope in names else at.home,
        owner=None,
        value=_written(figure),
        unit="",
        band="",
        formula=FormulaTold(f"{text[0].upper()}{text[1:]}.", NEED_SOURCE if not is_open else "ISTAT; docs/glossary.md"),
        tables=tables,
        is_of_households=not is_open,
    )


def _survey_figure(plan: Shown, scope: str, name: str) -> Figure | None:
    survey = plan.material.survey
    profile = None if survey is None else survey.ambito if scope == "ambito" else survey.municipalities.get(scope)
    found = survey_figures(scope, profile, ASSUMED) if profile else ()
    return next((figure for figure in found if figure.name == name), None)


def _told_figure(plan: Shown, scope: str, name: str) -> Figure | None:
    identifier = f"{scope}/{name}"
    if f"{scope}:{name}" not in plan.told:
        return None
    return next((plan.figures(part)[identifier] for part in (3, 7) if identifier in plan.figures(part)), None)


def _plain(value: int | Decimal | None) -> str | None:
    if value is None:
        return None
    return number(value) if value == int(value) else number(Decimal(value), 1)


def _written(figure: Figure) -> str:
    writers: Mapping[FigureUnit, Callable[[int | Decimal], str]] = {
        FigureUnit.YEAR: str,
        FigureUnit.THOUSANDTHS: lambda value: _mean(figure.name, int(value)),
        FigureUnit.DECIMAL: lambda value: number(value, 1),
        FigureUnit.SHARE: lambda value: percent(Decimal(value), 1),
        FigureUnit.CHANGE_SHARE: lambda value: percent(Decimal(value), 1),
    }
    return writers.get(figure.unit, number)(figure.value or 0)
