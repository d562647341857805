"""Fabbisogno abitativo primario nel piano (R.R. 4/2017, art. 3 c. 2 lett. c): the figures that every plan holds.

They follow from what municipalities declared and from their people alone, so a plan keeps those of the one before while
no declaration comes. Coverage, which moves with every forecast, is not held: it follows from both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from services.planner.domain.declared_years import declared_needs
from services.planner.domain.need.amounts import HouseholdBand
from services.planner.domain.need.assessment import Need, NeedAssessment, assess_need
from services.planner.domain.need.coverage import coverage
from services.planner.domain.need.declared import EVERY_COMPONENT, FLOWS, Component
from services.planner.domain.need.evidence import NeedMethod
from services.planner.domain.need.pressure import Inhabitants, Pressure, rank_pressure
from services.planner.domain.rules import Rules
from services.planner.domain.state import PlanState
from services.planner.domain.supply.outlook import Estimate
from services.planner.domain.survey.people import Survey

NeedSheet = Mapping[str, int]
"""One territory's figures of need, by name; households, or thousandths of them."""
Needs = Mapping[str | None, NeedSheet]
"""By municipality; None is the ambito. Empty while nobody has declared any."""
People = Mapping[str, Inhabitants]


class Hearsay(NamedTuple):
    """Chi tace: the municipalities of whose need something is estimated from what others declared.

    What these declared is `heard`, of `households` of all: an estimate for everybody is made of it as it is told, for
    one that is made of exact counts gives them back as many times over as it multiplies them.
    """

    silent: tuple[str, ...] = ()
    heard: NeedSheet = MappingProxyType({})
    households: int = 0
    of: int = 0


ALL_HEARD: Final = Hearsay()


def needs_of(state: PlanState, people: People, rules: Rules) -> tuple[Needs, Hearsay]:
    """The figures of every municipality; those of which nobody declared anything are estimated from the others."""
    declared = declared_needs(state)
    if not declared or not people:
        return {}, ALL_HEARD
    assessment = assess(state, people, rules)
    pressures = rank_pressure(declared, people)
    sheets: dict[str | None, NeedSheet] = {
        municipality: _sheet(territory.whole) | _pressed(pressures.get(municipality))
        for municipality, territory in assessment.municipalities.items()
    }
    hearsay, heard = hearsay_in(assessment, people)
    if not hearsay.silent:
        hearsay = ALL_HEARD
    elif heard:
        hearsay = hearsay._replace(heard=_sheet(assess(state, heard, rules).ambito.whole))
    return sheets | {None: _sheet(assessment.ambito.whole)}, hearsay


def hearsay_in(assessment: NeedAssessment, people: People) -> tuple[Hearsay, People]:
    """Who is silent, and the others: those of whose need nothing is estimated but how it will flow."""
    heard = {}
    for place, inhabitants in people.items():
        found = assessment.municipalities[place]
        if found.is_declared and not any(use.is_estimated for use in found.uses if use.component not in FLOWS):
            heard[place] = inhabitants
    counted, of = (sum(one.households for one in found.values()) for found in (heard, people))
    return Hearsay(tuple(sorted(people.keys() - heard.keys())), {}, counted, of), heard


def assess(
    state: PlanState, people: People, rules: Rules, components: frozenset[Component] = EVERY_COMPONENT
) -> NeedAssessment:
    """The assessment of the components that count, with size classes and what is estimated, for these people."""
    households = {municipality: place.households for municipality, place in people.items()}
    declared = {place: need for place, need in declared_needs(state).items() if place in households}
    method = NeedMethod(rules.planning.backlog_clearance_years, components)
    return assess_need(declared, households, method)


def inhabitants_of(survey: Survey) -> dict[str, Inhabitants]:
    """Of every municipality; households are an estimate."""
    return {
        municipality: Inhabitants(found.households.central, found.people.population, found.people.age_75_plus)
        for municipality, found in survey.municipalities.items()
    }


def covered(sheet: NeedSheet, supply: Estimate) -> NeedSheet:
    """Copertura: supply of the triennium over need, in thousandths; what has no need to cover is left out."""
    if "need_3y" not in sheet:
        return {}
    need = HouseholdBand(sheet["need_3y_low"], sheet["need_3y"], sheet["need_3y_high"])
    found = coverage(HouseholdBand(supply.low, supply.mean, supply.high), need)
    names = ("coverage_low", "coverage", "coverage_high")
    return {name: int(share * 1000) for name, share in zip(names, found, strict=True) if share is not None}


def _sheet(need: Need) -> dict[str, int]:
    bands = {
        "need_backlog": need.backlog,
        "need_arrivals": need.arrivals,
        "need_departures": need.departures,
        "need_3y": need.need,
        "need_yearly": need.yearly,
    }
    found: dict[str, int] = {}
    for name, (low, central, high) in bands.items():
        found |= {f"{name}_low": low, name: central, f"{name}_high": high}
    return found


def _pressed(pressure: Pressure | None) -> dict[str, int]:
    if pressure is None:
        return {}
    return {
        "pressure_low": pressure.low,
        "pressure": pressure.value,
        "pressure_high": pressure.high,
        "pressure_first_rank": pressure.first_rank,
        "pressure_last_rank": pressure.last_rank,
    }
