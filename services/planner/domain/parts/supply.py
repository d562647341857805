"""Part 4: consistenza del patrimonio e offerta del triennio."""

from __future__ import annotations

from services.planner.domain.labels import STATUS_FIGURES
from services.planner.domain.narrative.figures import by_name
from services.planner.domain.narrative.sentences import tell
from services.planner.domain.parts.material import Item, Material, PlanPart, figures_in_plan

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


def supply_part(material: Material, municipality: str | None) -> PlanPart:
    """Stock by state, homes to become free and assignable with their bands, works at risk of slipping."""
    figures = figures_in_plan(material.plan, municipality, NAMES)
    told = tell((f"{material.place_it(municipality)} {STOCK}", TURNOVER, SUPPLY), by_name(figures))
    items = tuple(
        Item(
            "works_at_risk",
            f"Lavori del programma {works.programme}: quanto costa all'offerta uno slittamento di tre mesi.",
            works.municipality,
            works.owner,
            tuple(zip(map(str, material.plan.years), works.lost, strict=False)),
        )
        for works in material.plan.works_at_risk
        if municipality in (None, works.municipality)
    )
    return PlanPart(4, "Consistenza del patrimonio e offerta del triennio", told, figures, items)
