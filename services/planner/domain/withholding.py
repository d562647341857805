"""Dati che non si pubblicano: of households everybody is told in steps of five, each number by itself.

Fewer than three households in a village are known by name. A small count that is kept back alone follows from its sum,
and with a companion from yesterday's sum, when the companion was told. So nothing is kept back beside something exact:
every number of households is told as the step it lies in, whatever it is the sum of and whenever it is told. Bounds
that are multiples of five, of sums and of what is summed, leave to each count a whole step at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from services.planner.domain.needs import ALL_HEARD, Hearsay, Needs, NeedSheet
from services.planner.domain.plan import FigureKey, Plan, canonical, hash_of
from services.planner.domain.publication import OF_CASES, STEP, is_of_households, open_cases, step_of
from services.planner.domain.sheets import Sheet

TOLD_OF_A_MUNICIPALITY: Final = ("need_3y", "need_3y_low", "need_3y_high")
"""Of its need the whole, and so its coverage. What it is made of, and the pressure, are made of a village's counts."""
_CASES: Final = (None, "open_cases", None)


def stepped(name: str, value: int, unit: int = 1) -> int:
    """The step that a number of households lies in: its lower end or, of the high end of a band, its upper end."""
    step = STEP * unit
    return (value // step + (1 if name.endswith("_high") else 0)) * step


def told(plan: Plan) -> Plan:
    """Piano come tutti possono leggerlo: its needs in steps, no emergency case and nothing that is done for one."""
    return replace(
        plan,
        needs=told_needs(plan.needs, plan.hearsay),
        hearsay=ALL_HEARD,
        sheets={place: _without_cases(sheet) for place, sheet in plan.sheets.items()},
        actions=(),
        objectives=tuple(
            one._replace(baseline=0) if is_of_households(one.figure.split(":")[2]) else one for one in plan.objectives
        ),
    )


def told_figures(plan: Plan) -> Mapping[FigureKey, int]:
    """Every figure that everybody may be told, as it is told; the ambito's open cases in steps, too."""
    cases = FigureKey(None, None, "open_cases", None)
    kept = {key: value for key, value in told(plan).figures.items() if key.figure not in OF_CASES}
    return kept | {cases: step_of(open_cases(plan))}


def plan_hash(plan: Plan) -> str:
    """Impronta del piano: of what everybody may be told, so that nobody can find a small count by trying them all."""
    return hash_of(canonical(told(plan)))


def told_needs(needs: Needs, hearsay: Hearsay) -> Needs:
    """Where they do not fill a step, nothing: neither of the municipality nor, if there are so few, of the ambito.

    Of who is silent nothing by itself; the ambito's is estimated for them from what is told of the others.
    """
    heard = {**needs, None: hearsay.heard} if hearsay.silent else needs
    told = {place: dict(_told_sheet(place, sheet)) for place, sheet in heard.items() if place not in hearsay.silent}
    if hearsay.silent:
        told[None] = {name: for_the_silent(name, value, unit_of(name), hearsay) for name, value in told[None].items()}
    return {place: sheet for place, sheet in told.items() if sheet.get("need_3y")}


def for_the_silent(name: str, value: int, unit: int, hearsay: Hearsay) -> int:
    """What a number that is told of who was heard comes to with as much for each household of the silent."""
    if not hearsay.silent or not value:
        return value
    return stepped(name, value * hearsay.of // hearsay.households, unit)


def unit_of(name: str) -> int:
    """Households of which a figure of need counts one, or thousandths."""
    return 1 if name.endswith(("_low", "_high")) else 1000


def _told_sheet(place: str | None, sheet: NeedSheet) -> Iterator[tuple[str, int]]:
    for name, value in sheet.items():
        if name.startswith("need_") and (place is None or name in TOLD_OF_A_MUNICIPALITY):
            yield name, stepped(name, value, unit_of(name))


def _without_cases(sheet: Sheet) -> Sheet:
    if _CASES not in sheet.counts:
        return sheet
    return Sheet({key: count for key, count in sheet.counts.items() if key != _CASES})
