"""What the synthetic owners declare of three years: acceptable, consistent with their homes, near published numbers."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from deploy.demo.stock import ALER
from deploy.demo.synthetic import SyntheticWorld, generate
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import Declaration, declaration_faults, missing_parts
from shared.events import DisposalKind, UnitStatus
from shared.territory import ambito

UNTIL = date(2026, 11, 23)


@pytest.fixture(scope="module", params=[1, 2026])
def world(request: pytest.FixtureRequest) -> SyntheticWorld:
    return generate(request.param, ambito("cremonese"), UNTIL)


def test_the_intake_accepts_every_declaration(world: SyntheticWorld) -> None:
    for row in world.submissions:
        declaration = Declaration(**{name: getattr(row, name) for name in Declaration.model_fields})
        people = None if row.owner == ALER else world.ambito.municipality(row.municipality).population
        assert list(declaration_faults(declaration, row.owner_kind, CycleRules.of(row.cycle_year), people)) == []


def test_46_of_48_municipalities_declare_all_that_is_asked(world: SyntheticWorld) -> None:
    missing = Counter(tuple(missing_parts(row)) for row in world.submissions)
    assert missing == {(): 94}
    assert sum(row.need is not None for row in world.submissions) == 46
    assert all(row.need is None for row in world.submissions if row.owner == ALER)


def test_need_is_near_published_rates(world: SyntheticWorld) -> None:
    needs = [row.need for row in world.submissions if row.need]
    applications = sum(need.applications_submitted or 0 for need in needs)
    indigent = sum(need.indigent_applicants or 0 for need in needs)
    admitted = sum(need.households_admitted or 0 for need in needs)
    households = sum(municipality.population for municipality in world.ambito.municipalities) / 2.2
    # 12.6 applications per 1,000 households (hashtagsicilia.it/2024/12/12), drawn within a quarter.
    assert 12.6 * 0.75 <= applications / households * 1000 <= 12.6 * 1.25
    # Ambito Oglio Po: 51 of 208 applicants were indigent in 2024, 52 of 217 in 2023 (laprovinciacr.it 482080).
    assert 0.20 <= indigent / applications <= 0.25
    # Applications submitted and admitted differ by up to four times.
    assert 0.25 <= admitted / applications <= 0.65


def test_years_and_disposals_agree_with_the_homes(world: SyntheticWorld) -> None:
    """Counted anew from the lives of the homes."""
    for row in world.submissions:
        homes = [
            life.at(row.received_on)
            for life in world.lives
            if (life.home.municipality, life.home.owner) == (row.municipality, row.owner)
            and life.home.service_type == "SAP"
        ]
        ends = Counter(moment.works.expected_end_on.year for moment in homes if moment.works)
        for year in row.forecast or ():
            assert year.works_assignable + year.new_build_assignable <= ends[year.year]
        assert sum(one.units for one in row.programmes or ()) == ends[2026] + ends[2027] + ends[2028]
        told = {one.kind: one.units for one in row.disposals or ()}
        states = Counter(moment.status for moment in homes)
        assert told.get(DisposalKind.SOLD, 0) == states[UnitStatus.IN_DISPOSAL_PLAN]
        assert told.get(DisposalKind.VALORISED, 0) == states[UnitStatus.VALORISED]
        assert all(one.act_reference == "simulato" for one in row.disposals or ())
        assert all(one.programme_id.startswith("SIM-") for one in (*(row.programmes or ()), *(row.disposals or ())))
