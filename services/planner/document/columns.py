"""Part 4 in detail: l'offerta per classe e servizio, e le colonne da a a k del piano annuale, ente per ente."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Final

from services.planner.document.cells import EMPTY, MUNICIPALITY, OWNER, whose
from services.planner.document.model import Cell, Column, ColumnKind, Table
from services.planner.domain.annual import COLUMNS, SHARES, SUMMANDS
from services.planner.domain.annual_columns import ASSIGNED, PRESENT, TOTAL
from services.planner.domain.details import Detail, details_of, kind_figure
from services.planner.domain.labels import size_it
from services.planner.domain.parts import Material
from services.planner.domain.plan import FigureKey, Plan
from shared.events.planning import HOUSEHOLD_SIZES
from shared.events.plans import Measure
from shared.events.units import ServiceType

NUMBER, TENTHS, PERCENT = ColumnKind.NUMBER, ColumnKind.THOUSANDTHS, ColumnKind.PERCENT
KINDS: Final = {"assignable": "Alloggi assegnabili", "turnover": "Alloggi che si liberano"}
COUNTED: Final = (*PRESENT, ASSIGNED)
DECLARED: Final = frozenset({"as_is_assignable", "conferred_by_private"})
"""Columns b and f, which only owners can tell."""
KIND_NOTE: Final = "La somma delle classi è il totale del piano."
COUNTED_NOTE: Final = (
    "Contati dal piano; chi non ha alloggi non ha una riga. Colonna k: assegnati due anni prima dell’anno del piano, "
    "l’ultimo chiuso."
)
SUMMANDS_NOTE: Final = "Colonne b e f: dichiarate dagli enti, i soli a saperle; le altre previste dal piano."
TOTAL_NOTE: Final = "Prevista dal piano (colonne c, d, e) per anno e nel triennio; accanto quella dichiarata."
SHARE_NOTE: Final = "Colonna h: il minimo di legge e la quota dichiarata. Colonne i: dichiarate."
Values = Mapping[FigureKey, int | None]


def kind_tables(material: Material) -> Iterator[Table]:
    """Of the ambito by size class and service type, by year and in the triennium, with the plan's own totals."""
    plan = material.plan
    values = details_of(Detail.KINDS, material.state, plan, material.rules)
    columns = (Column("Classe"), Column("Servizio"), *(Column(_year(year), TENTHS) for year in plan.years))
    for what, caption in KINDS.items():
        rows = []
        for size, service in product(range(HOUSEHOLD_SIZES + 1), ServiceType):
            keys = [FigureKey(None, None, kind_figure(what, size, service), year) for year in plan.years]
            if any(values.get(key) for key in keys):
                rows.append((Cell(size_it(size)), Cell(service.value), *(_cell(values, key) for key in keys)))
        total = [FigureKey(None, None, f"{what}_mean", year) for year in plan.years]
        sums = (Cell("Totale"), EMPTY, *(_cell(plan.figures, key) for key in total))
        yield Table(f"{caption}, per classe e servizio", columns, tuple(rows), sums, KIND_NOTE)


def column_tables(material: Material) -> Iterator[Table]:
    """Columns a to k of the year that was declared last, of every municipality and owner, and of the ambito."""
    plan = material.plan
    values = details_of(Detail.COLUMNS, material.state, plan, material.rules)
    year = declared_year(material)
    counted = [(name, None if name in PRESENT else year) for name in COUNTED]
    summands = [(f"{name}_declared" if name in DECLARED else name, year) for name in SUMMANDS]
    total = [*((TOTAL, one) for one in plan.years), (f"{TOTAL}_declared", year)]
    shares = [("indigence_share", year), *((f"{name}_declared", year) for name in SHARES)]
    yield _table("Patrimonio, riserve e assegnazioni: colonne a, j, k", plan, values, counted, COUNTED_NOTE)
    yield _table(f"Da dove vengono gli assegnabili del {year}: colonne da b a f", plan, values, summands, SUMMANDS_NOTE)
    yield _table("Assegnabili in totale: colonna g", plan, values, total, TOTAL_NOTE)
    yield _table(f"Quote del {year}: colonne h, i", plan, values, shares, SHARE_NOTE)


def declared_year(material: Material) -> int:
    """The year after the last cycle in which anybody declared, if the plan has it; else its first or last."""
    years = material.plan.triennium.years
    last = max((cycle + 1 for cycle, _, _ in material.state.declarations), default=years[0])
    return min(max(last, years[0]), years[-1])


def _table(caption: str, plan: Plan, values: Values, told: Sequence[tuple[str, int | None]], note: str) -> Table:
    held = {(key.municipality or "", key.owner or "") for key, value in values.items() if _is_of_homes(key) and value}
    holdings = sorted(held, key=lambda holding: (plan.names.get(holding[0], ""), holding[1]))
    columns = (MUNICIPALITY, OWNER, *(_column(name, year) for name, year in told))
    rows = [
        (
            *whose(place, owner, plan.names),
            *(_cell(values, FigureKey(place, owner, f"column_{name}", year)) for name, year in told),
        )
        for place, owner in holdings
    ]
    is_summed = not any(name.removesuffix("_declared") in SHARES for name, _ in told)
    sums = tuple(_cell(values, FigureKey(None, None, f"column_{name}", year)) for name, year in told)
    return Table(caption, columns, tuple(rows), (Cell("Ambito"), EMPTY, *sums) if is_summed else (), note)


def _is_of_homes(key: FigureKey) -> bool:
    """Whether the figure is an owner's count of homes in a municipality: who has none has no row."""
    name = key.figure.removeprefix("column_").removesuffix("_declared")
    return None not in (key.municipality, key.owner) and name not in SHARES


def _column(name: str, year: int | None) -> Column:
    """`b: assegnabili nello stato di fatto`; g has a column for each year, g and h one for what was declared."""
    of, is_declared = name.removesuffix("_declared"), name.endswith("_declared")
    letter, text = (COLUMNS | SHARES)[of]
    if of in SHARES:
        whose_share = "" if letter != "h" else ", dichiarata" if is_declared else ", di legge"
        return Column(f"{letter}: {text.it}{whose_share}", PERCENT)
    if of == TOTAL:
        return Column(f"{year}, dichiarati", NUMBER) if is_declared else Column(_year(year), TENTHS)
    measure = FigureKey(None, None, f"column_{name}", None).measure
    return Column(f"{letter}: {text.it}", TENTHS if measure is Measure.THOUSANDTHS else NUMBER)


def _cell(values: Values, key: FigureKey) -> Cell:
    """A share is in thousandths of one; what nobody has declared is a dash, and has no page."""
    value = values.get(key)
    if value is None:
        return Cell(None, instead="\u2013")
    name = key.figure.removeprefix("column_").removesuffix("_declared")
    return Cell(Decimal(value) / 1000 if name in SHARES else value, key.id)


def _year(year: int | None) -> str:
    return "Triennio" if year is None else str(year)
