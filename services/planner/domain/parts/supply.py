"""Part 4: consistenza del patrimonio e offerta del triennio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product

from services.planner.domain.annual import COLUMNS, SHARES, SOURCES, ColumnSource
from services.planner.domain.annual_columns import PRESENT, years_of
from services.planner.domain.details import Detail, details_of, kind_figure
from services.planner.domain.labels import STATUS_FIGURES, size_it
from services.planner.domain.narrative.figures import by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, figures_in_plan
from services.planner.domain.plan import FORECAST, FigureKey
from shared.events.planning import HOUSEHOLD_SIZES
from shared.events.units import ServiceType

STOCK = (
    "il patrimonio è di {stock_total:alloggio|alloggi}: {occupied} assegnati e occupati, {free_assignable} liberi e "
    "assegnabili, {needing_works} da recuperare."
)
TURNOVER = "Nel triennio si libereranno {turnover_mean} alloggi (tra {turnover_low} e {turnover_high})."
SUPPLY = (
    "Nel triennio saranno assegnabili {assignable_mean} alloggi (tra {assignable_low} e {assignable_high}), contando "
    "quelli già liberi, quelli che si liberano pronti e i lavori che si concludono."
)
NAMES = (
    *("stock_total", *STATUS_FIGURES.values(), "in_construction"),
    *(f"{what}_{part}" for what in ("turnover", "assignable") for part in ("mean", "low", "high")),
)


ABSENT = {ColumnSource.DECLARED_ONLY: "solo dichiarato", ColumnSource.COUNTED: "non ancora"}
NOT_DECLARED, BY_OWNER = "non dichiarato", "ente per ente"
"""What stands where there is no number."""
NOW, TRIENNIUM = "now", "triennium"
Values = dict[str, int | Decimal | str | None]


def supply_part(material: Material, municipality: str | None) -> PlanPart:
    """Stock by state, homes to become free and assignable with their bands, works at risk of slipping.

    Also the supply by size class and service type and the columns of the annual plan: of all owners together and, in a
    municipality, of each.
    """
    figures = figures_in_plan(material.plan, municipality, NAMES)
    told = tell((f"{material.place_it(municipality)} {STOCK}", TURNOVER, SUPPLY), by_name(figures))
    items = (*_at_risk(material, municipality), *_kinds(material, municipality), *_columns(material, municipality))
    return PlanPart(4, "Consistenza del patrimonio e offerta del triennio", told, figures, items)


def _at_risk(material: Material, municipality: str | None) -> Iterator[Item]:
    for works in material.plan.works_at_risk:
        if municipality in (None, works.municipality):
            yield Item(
                "works_at_risk",
                f"Lavori del programma {works.programme}: quanto costa all’offerta uno slittamento di tre mesi.",
                works.municipality,
                works.owner,
                tuple(zip(map(str, material.plan.years), works.lost, strict=False)),
            )


def _kinds(material: Material, municipality: str | None) -> Iterator[Item]:
    """Exits and assignable homes, in thousandths, by year and in the triennium."""
    plan = material.plan
    found = details_of(Detail.KINDS, material.state, plan, material.rules)
    for owner in _owners(found, municipality):
        for size, service in product(range(HOUSEHOLD_SIZES + 1), ServiceType):
            values: Values = {
                f"{what}_{year or TRIENNIUM}": found.get(key)
                for what in FORECAST
                for year in plan.years
                for key in (FigureKey(municipality, owner, kind_figure(what, size, service), year),)
            }
            if any(value is not None for value in values.values()):
                shown: Values = {"size_class": size, "service_type": service, **values}
                text = f"Alloggi {size_it(size)}, {service}"
                yield Item("supply_by_kind", text, municipality, owner, tuple(shown.items()))


def _columns(material: Material, municipality: str | None) -> Iterator[Item]:
    """Each column as the plan knows it and as it was declared or, where there is no number, why."""
    plan = material.plan
    found = details_of(Detail.COLUMNS, material.state, plan, material.rules)
    for owner in _owners(found, municipality):
        for name, source in SOURCES.items():
            letter, label = (COLUMNS | SHARES)[name]
            present = NOW if name in PRESENT else TRIENNIUM
            own = {str(year or present): (f"column_{name}", year) for year in years_of(name, plan)}
            declared = {f"declared_{year}": (f"column_{name}_declared", year) for year in plan.triennium.years}
            values: Values = {
                when: value if (value := found.get(FigureKey(municipality, owner, *which))) is not None else absent
                for told, absent in ((own, ABSENT.get(source)), (declared, NOT_DECLARED))
                for when, which in told.items()
            }
            if owner is None and name in SHARES:
                values |= dict.fromkeys(values, BY_OWNER)
            shown: Values = {"column": letter, "source": source, **values}
            yield Item("annual_column", f"Colonna {letter}: {label.it}", municipality, owner, tuple(shown.items()))


def _owners(found: Mapping[FigureKey, object], municipality: str | None) -> list[str | None]:
    """All together, then each of a municipality; nobody where there is nothing."""
    owners = {key.owner for key in found if key.municipality == municipality}
    return sorted(owners, key=lambda owner: owner or "")
