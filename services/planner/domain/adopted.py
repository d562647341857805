"""Valori adottati: in every cell that somebody declared or chose, what the plan uses, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from services.planner.domain.declared_years import three_years
from services.planner.domain.demotion import demoted, fallbacks
from services.planner.domain.forecast import Triennium
from services.planner.domain.state import PlanState
from services.planner.domain.supply.adoption import Adopted as Columns
from services.planner.domain.supply.adoption import AdoptionKey, Basis, Choice, Quantity, adopt
from services.planner.domain.supply.outlook import Estimate, Outlook, Scope
from shared.events.decisions import AdoptionBasis
from shared.events.planning import YearForecast


class Cell(NamedTuple):
    """Valore dichiarato e fonte adottata; None declares nothing: then the model is adopted. `reason` is of a choice.

    `last_year` is what takes the model's place where the forecast is demoted.
    """

    declared: int | None
    basis: Basis
    reason: str
    last_year: Estimate | None = None

    def value(self, model: int) -> int:
        """In thousandths of a home."""
        if self.last_year is not None:
            return self.last_year.mean
        return model if self.declared is None or self.basis is Basis.MODEL else 1000 * self.declared


UNTOLD = Cell(None, Basis.MODEL, "")
"""Of which nobody has said anything."""
Adopted = Mapping[AdoptionKey, Cell]


def adopted_cells(state: PlanState, triennium: Triennium, on: date) -> dict[AdoptionKey, Cell]:
    """Declared where submitted, unless somebody has chosen with a reason; a choice of what is not declared waits.

    Where neither is, the model, or "same as last year" in a municipality whose forecast is demoted by its own record.
    """
    declared = dict(declared_values(state, triennium))
    found = {key: Cell(count, Basis.DECLARED, "") for key, count in declared.items()}
    for (municipality, owner, year, quantity), chosen in state.choices.items():
        if chosen.basis != AdoptionBasis.RULE and year in triennium.years:
            key = (municipality, owner, year, Quantity(quantity))
            found[key] = Cell(declared.get(key), Basis(chosen.basis), chosen.reason)
    whose, windows = demoted(state.cells, on), triennium.windows(on)
    for key, estimate in fallbacks(state.cells, whose, triennium.years, windows, on).items():
        found.setdefault(key, Cell(None, Basis.LAST_YEAR, "", estimate))
    return dict(sorted(found.items()))


def declared_values(state: PlanState, triennium: Triennium) -> Iterator[tuple[AdoptionKey, int]]:
    """What owners declared of the years of the triennium; later cycle years come later, and replace earlier ones.

    The annual columns are of the year that follows the cycle's; the three-year rows name theirs.
    """
    for (cycle_year, owner, municipality), declaration in sorted(state.declarations.items()):
        year = cycle_year + 1
        if year in triennium.years:
            yield (municipality, owner, year, Quantity.TURNOVER), declaration.turnover_expected
            yield (municipality, owner, year, Quantity.ASSIGNABLE), declaration.assignable_total
        for row in three_years(declaration.told).forecast or ():
            if row.year in triennium.years:
                yield (municipality, owner, row.year, Quantity.TURNOVER), row.turnover_expected
                yield (municipality, owner, row.year, Quantity.ASSIGNABLE), assignable(row)


def assignable(row: YearForecast) -> int:
    """Homes of every channel that a year's row names."""
    works = row.works_assignable + row.new_build_assignable + row.as_is_assignable
    return row.turnover_expected + works + row.conferred_by_private


def adopted_values(
    adopted: Adopted, outlooks: Mapping[Scope, Outlook], years: tuple[int, ...]
) -> Iterator[tuple[str, str, int | None, Quantity, int]]:
    """Of every municipality and owner the value of each year and, as their sum, of the triennium; thousandths.

    What was declared as a count stays one: a triennium of which one year is declared mixes both.
    """
    for (municipality, owner), outlook in outlooks.items():
        if municipality is None or owner is None:
            continue
        for quantity, estimates in zip(Quantity, outlook, strict=True):
            values = [
                adopted.get((municipality, owner, year, quantity), UNTOLD).value(estimate.mean)
                for year, estimate in zip(years, estimates, strict=False)
            ]
            for year, value in zip(years, values, strict=True):
                yield municipality, owner, year, quantity, value
            yield municipality, owner, None, quantity, sum(values)


def three_columns(
    adopted: Adopted, outlooks: Mapping[Scope, Outlook], years: tuple[int, ...]
) -> Iterator[tuple[AdoptionKey, Columns]]:
    """Declared, model and adopted side by side, of every municipality, owner and year."""
    for (municipality, owner), outlook in outlooks.items():
        if municipality is None or owner is None:
            continue
        for quantity, estimates in zip(Quantity, outlook, strict=True):
            for year, estimate in zip(years, estimates, strict=False):
                key = (municipality, owner, year, quantity)
                yield key, _columns(adopted.get(key, UNTOLD), estimate)


def _columns(cell: Cell, model: Estimate) -> Columns:
    if cell.last_year is not None:
        mean, low, high = cell.last_year
        return Columns(None, model.mean, low, high, Basis.LAST_YEAR, mean, "", is_estimated=True)
    is_chosen = bool(cell.reason) and not (cell.basis is Basis.DECLARED and cell.declared is None)
    return adopt(cell.declared, model, Choice(cell.basis, cell.reason, "") if is_chosen else None)
