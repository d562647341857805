"""Rules V4, V15 and V17 of the years to come: turnover, works that have a programme, agreement with the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.intake.domain.columns import stock_of, turnover_faults
from services.intake.domain.faults import Fault, implausible
from services.intake.domain.labels import YEAR_COUNTS, quoted
from services.intake.domain.parameters import CycleRules
from shared.events import AnnualColumns, Programme, ProgrammeKind, YearForecast
from shared.problem_texts import Text

SAME_IN_THE_COLUMNS: Final = {
    "turnover_expected": ("turnover_expected", "e"),
    "works_assignable": ("under_renovation_assignable", "c"),
    "new_build_assignable": ("new_build_assignable", "d"),
    "as_is_assignable": ("as_is_assignable", "b"),
    "conferred_by_private": ("conferred_by_private", "f"),
}
"""A year's counts, and the annual columns (name, letter) that say the same of the first year."""
NEW_HOMES: Final = frozenset({ProgrammeKind.NEW_BUILD, ProgrammeKind.PURCHASE})
WORKS: Final = frozenset(ProgrammeKind) - NEW_HOMES
CHANNELS: Final = {"works_assignable": WORKS, "new_build_assignable": NEW_HOMES}
"""Counts that need programmes, and the kinds of programmes that bring such homes."""


def forecast_faults(
    forecast: Sequence[YearForecast],
    columns: AnnualColumns,
    programmes: Sequence[Programme] | None,
    rules: CycleRules,
) -> Iterator[Fault]:
    yield from _year_faults(forecast, rules)
    for row, year in enumerate(forecast):
        field = f"/forecast/{row}/turnover_expected"
        yield from turnover_faults(year.turnover_expected, stock_of(columns), field, _where(row, year), rules)
        if year.year == rules.years[0]:
            yield from _first_year_faults(row, year, columns)
    if programmes is not None:
        for count in CHANNELS:
            yield from _programme_faults(forecast, programmes, count)


def _where(row: int, year: YearForecast) -> Text:
    return Text(f"Riga {row + 1}, anno {year.year}: ", f"Row {row + 1}, year {year.year}: ")


def _year_faults(forecast: Iterable[YearForecast], rules: CycleRules) -> Iterator[Fault]:
    seen: set[int] = set()
    for row, year in enumerate(forecast):
        where, field = _where(row, year), f"/forecast/{row}/year"
        years = ", ".join(map(str, rules.years))
        if year.year not in rules.years:
            rule = Text(
                f"{where.it}non è un anno del triennio ({years}).", f"{where.en}not a year of the triennium ({years})."
            )
            remedy = Text("Indicare un anno del triennio.", "Give a year of the triennium.")
            yield Fault("forecast-year", field, str(year.year), rule, remedy)
        elif year.year in seen:
            rule = Text(f"{where.it}l’anno c’è già in un’altra riga.", f"{where.en}the year has a row already.")
            yield Fault("forecast-year", field, str(year.year), rule, Text("Togliere una riga.", "Remove one row."))
        seen.add(year.year)


def _first_year_faults(row: int, year: YearForecast, columns: AnnualColumns) -> Iterator[Fault]:
    where = _where(row, year)
    for name, (column, letter) in SAME_IN_THE_COLUMNS.items():
        told, annual = getattr(year, name), getattr(columns, column)
        if told != annual:
            said = quoted(YEAR_COUNTS[name], told)
            rule = Text(
                f"{where.it}{said.it} non coincide con la colonna annuale {letter}, che dice {annual}.",
                f"{where.en}{said.en} differs from the annual column {letter}, which says {annual}.",
            )
            yield implausible("V17", f"/forecast/{row}/{name}", told, rule)


def _programme_faults(forecast: Sequence[YearForecast], programmes: Sequence[Programme], count: str) -> Iterator[Fault]:
    """V15: up to the end of each year no more homes come out of works than programmes end by then."""
    promised = 0
    for row, year in sorted(enumerate(forecast), key=lambda numbered: numbered[1].year):
        here = getattr(year, count)
        promised += here
        ending = sum(
            programme.units
            for programme in programmes
            if programme.kind in CHANNELS[count] and programme.expected_completion_on.year <= year.year
        )
        if here and promised > ending:
            where, label = _where(row, year), YEAR_COUNTS[count]
            rule = Text(
                f"{where.it}«{label.it}» dall’inizio del triennio sono {promised}, ma i programmi che finiscono "
                f"entro l’anno ne contano {ending}.",
                f"{where.en}'{label.en}' since the triennium began are {promised}, but the programmes that end by "
                f"then have {ending}.",
            )
            remedy = Text(
                "Aggiungere il programma con tipo e fine prevista, o correggere il numero.",
                "Add the programme with its kind and expected end, or correct the number.",
            )
            yield Fault("V15", f"/forecast/{row}/{count}", str(here), rule, remedy)
