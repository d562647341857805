"""The synthetic world of the demonstration: near the published figures, legal, consistent, the same everywhere.

Published figures come from press articles on Lombardy and comparable stocks; their addresses stand beside each range.
"""

import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.demo import synthetic
from deploy.demo.stock import VILLAGE_BELOW, VILLAGE_MAX_HOMES
from deploy.demo.synthetic import SyntheticWorld, generate, next_vacancy
from services.registry.domain.lifecycle import apply
from shared.events import REPORTS
from shared.events.submissions import EmergencyCaseClosed, EmergencyCaseOpened
from shared.events.units import (
    NoticePublished,
    OwnerKind,
    Report,
    SatAssigned,
    Unit,
    UnitAssigned,
    UnitRegistered,
    UnitStatus,
    UnitVacated,
    WorksCompleted,
    WorksRescheduled,
    WorksStarted,
)
from shared.territory import ambito

UNTIL = date(2026, 11, 23)
YEARS = 3
CREMONA = "019036"
GONE = {UnitStatus.SOLD, UnitStatus.BARTERED, UnitStatus.DEMOLISHED}
NEEDS_WORKS = {UnitStatus.FREE_STATE_OF_FACT, UnitStatus.UNINHABITABLE, UnitStatus.IN_WORKS}
LIVED_IN = {UnitStatus.OCCUPIED, UnitStatus.OCCUPIED_WITHOUT_TITLE, UnitStatus.OCCUPIED_SAT}


@pytest.fixture(scope="module", params=[1, 2026])
def world(request: pytest.FixtureRequest) -> SyntheticWorld:
    return generate(request.param, ambito("cremonese"), UNTIL, YEARS)


@pytest.fixture(scope="module")
def units(world: SyntheticWorld) -> dict[str, Unit]:
    """The homes as the registry's own rules leave them; they raise if a report is not legal."""
    return registry(world, UNTIL)


def registry(world: SyntheticWorld, on: date) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for claim in world.reports:
        report = claim.report
        if report.effective_on <= on:
            units[report.unit_id] = apply(units.get(report.unit_id), report, claim.organisation)
    return units


def count(world: SyntheticWorld, kind: type[Report]) -> int:
    return sum(isinstance(claim.report, kind) for claim in world.reports)


def registered(world: SyntheticWorld) -> list[UnitRegistered]:
    return [claim.report for claim in world.reports if isinstance(claim.report, UnitRegistered)]


def test_totals_are_those_published_for_the_ambito(world: SyntheticWorld) -> None:
    # 2,600 ALER and 1,600 communal homes: telecolor.net/2019/05/case-popolari-solo-160-assegnazioni-in-citta
    homes = registered(world)
    assert Counter(home.owner_kind for home in homes) == {OwnerKind.ALER: 2600, OwnerKind.MUNICIPALITY: 1600}
    assert 0.45 <= sum(home.municipality == CREMONA for home in homes) / len(homes) <= 0.55
    assert 8_000 <= len(world.reports) <= 12_000


def test_villages_have_between_none_and_forty_homes(world: SyntheticWorld) -> None:
    homes = Counter(home.municipality for home in registered(world))
    villages = [homes[m.istat_code] for m in world.ambito.municipalities if m.population < VILLAGE_BELOW]
    # ISTAT, 1 January 2023: all but Cremona and nine towns have fewer than 2,500 residents.
    assert len(villages) == 38
    assert max(villages) <= VILLAGE_MAX_HOMES
    assert 3 <= villages.count(0) <= 16
    assert len(set(villages)) > 15
    towns = [m for m in world.ambito.municipalities if m.population >= VILLAGE_BELOW]
    assert min(homes[m.istat_code] for m in towns) > max(villages)


def test_aler_manages_about_half_of_cremonas_own_homes_and_reports_on_them(world: SyntheticWorld) -> None:
    own = {home.unit_id: home.manager for home in registered(world) if home.owner == f"comune-{CREMONA}"}
    # 112 of the 212 vacant homes of the municipality are run by ALER: 53 %.
    assert 0.45 <= list(own.values()).count("aler-bcm") / len(own) <= 0.6
    assert any(claim.organisation == "aler-bcm" and claim.report.unit_id in own for claim in world.reports)


def test_turnover_stays_between_two_and_five_percent_a_year(world: SyntheticWorld) -> None:
    # Mantova 2023: 3.49 % free or expected to be vacated; Oglio Po 2026-2028: 12.01 % supplied in three years.
    # gazzettadimantova.gelocal.it/mantova/cronaca/2022/12/23, laprovinciacr.it/news/cronaca/564835
    occupied = sum(home.status is UnitStatus.OCCUPIED for home in registered(world))
    assert 0.02 <= count(world, UnitVacated) / YEARS / occupied <= 0.05


def test_assignments_stay_within_published_rates(world: SyntheticWorld) -> None:
    # ALER BG-LC-SO 2022: 285 of 16,000 = 1.78 %; ATER Rovigo 2022: 179 of 3,860 = 4.64 %.
    # teleunica.com/lecco-attualita/09-11-2023, ilgazzettino.it/nordest/rovigo/case_ater_sfitte (7513894)
    assert 0.0178 <= count(world, UnitAssigned) / YEARS / 4200 <= 0.0464


def test_vacant_homes_and_their_need_of_works_stay_within_published_rates(units: dict[str, Unit]) -> None:
    states = Counter(unit.status for unit in units.values() if unit.status not in GONE)
    vacant = sum(n for status, n in states.items() if status not in LIVED_IN | {UnitStatus.IN_CONSTRUCTION})
    needy = sum(states[status] for status in NEEDS_WORKS)
    # Vacant: ALER Milano 2022, 11.24 % (larena.it 1.10176705); ALER Cremona 2024, 26.95 % (oglioponews.it/2025/07/12).
    assert 0.1124 <= vacant / states.total() <= 0.2695
    # Of them in need of works: Cremona province 2022, 56.87 % (telecolor.net/2022/05); Pavia-Lodi 2023, 95.18 %
    # (politicanews.it, 132136).
    assert 0.5687 <= needy / vacant <= 0.9518
    # Of all homes: Brescia ALER 2024, 3.4 % (giornaledibrescia.it); ALER Cremona 2025, 18.64 % (cremonasera.it).
    assert 0.034 <= needy / states.total() <= 0.1864


def test_most_homes_come_back_in_need_of_works(world: SyntheticWorld) -> None:
    outcomes = [c.report.outcome for c in world.reports if isinstance(c.report, UnitVacated) and c.report.outcome]
    assert 0.57 <= sum(outcome != "ASSIGNABLE" for outcome in outcomes) / len(outcomes) <= 0.95


def test_works_slip_for_some_and_not_for_all(world: SyntheticWorld) -> None:
    late = {c.report.unit_id for c in world.reports if isinstance(c.report, WorksRescheduled)}
    done = {c.report.unit_id for c in world.reports if isinstance(c.report, WorksCompleted)}
    assert count(world, WorksStarted) > 200
    # Slip factor log-normal, median 1.3 and sd 0.4: P(factor > 1) = Phi(0.2624 / 0.4) = 0.744.
    assert 0.6 <= len(done & late) / len(done) <= 0.85


def test_every_report_is_legal_in_its_order(world: SyntheticWorld, units: dict[str, Unit]) -> None:
    assert len(units) == 4200
    for life in world.lives:
        unit, last = units[life.home.unit_id], life.moments[-1]
        assert (unit.status, unit.works) == (last.status, last.works)


def test_every_kind_of_report_happens() -> None:
    seen: set[str] = set()
    for seed in range(3):
        seen |= {claim.report.name() for claim in generate(seed, ambito("cremonese"), UNTIL).reports}
    assert seen == set(REPORTS) - {"report-retracted"}  # its owners make no mistakes


def test_reports_are_ordered_unique_and_within_the_window(world: SyntheticWorld) -> None:
    days = [claim.report.effective_on for claim in world.reports]
    assert days == sorted(days)
    assert days[0] == world.start == date(2023, 11, 23)
    assert days[-1] <= UNTIL
    assert len({claim.report_id for claim in world.reports}) == len(world.reports)
    assert {home.effective_on for home in registered(world)} == {world.start}


def test_reports_survive_the_wire(world: SyntheticWorld) -> None:
    for claim in world.reports:
        assert type(claim.report).read(claim.report.write()) == claim.report


def test_the_world_is_marked_synthetic_and_has_no_addresses(world: SyntheticWorld) -> None:
    assert synthetic.SYNTHETIC_NOTICE_IT.startswith("Dati sintetici")
    assert synthetic.SYNTHETIC_NOTICE_EN.startswith("Synthetic data")
    assert all(claim.report.unit_id.startswith("SIM-") for claim in world.reports)
    assert all(home.address is None for home in registered(world))


def test_the_tenants_works_and_transitional_terms_respect_the_law(world: SyntheticWorld) -> None:
    # R.R. 4/2017, art. 10: at most EUR 8,000; D.G.R. XI/2063: twelve months.
    costs = [
        c.report.works_cost for c in world.reports if isinstance(c.report, NoticePublished) and c.report.works_cost
    ]
    terms = {c.report.ends_on - c.report.effective_on for c in world.reports if isinstance(c.report, SatAssigned)}
    assert costs
    assert max(costs) <= Decimal(8000)
    assert terms == {timedelta(days=365)}


def test_at_the_end_emergency_cases_are_open_and_homes_there_for_them(
    world: SyntheticWorld, units: dict[str, Unit]
) -> None:
    closed = {case.case_ref for case in world.cases if isinstance(case, EmergencyCaseClosed)}
    opened = {case.case_ref: case for case in world.cases if isinstance(case, EmergencyCaseOpened)}
    waiting = [case for ref, case in opened.items() if ref not in closed]
    assert closed < opened.keys()
    assert 6 <= len(waiting) <= 12
    assert len({case.municipality for case in waiting}) >= 4
    assert all(
        case.waiting_since <= UNTIL and (case.deadline_on is None or case.deadline_on > UNTIL) for case in waiting
    )
    states = Counter(unit.status for unit in units.values())
    assert states[UnitStatus.FREE_ASSIGNABLE] >= 40
    assert states[UnitStatus.RESERVED_SAT] >= 5


def test_all_but_two_municipalities_declare_once_per_owner(world: SyntheticWorld, units: dict[str, Unit]) -> None:
    rows = {(row.municipality, row.owner): row for row in world.submissions}
    silent = {(one.istat_code, f"comune-{one.istat_code}") for one in world.silent}
    assert len(silent) == 2
    assert silent.isdisjoint(rows)
    assert len(rows) == len(world.submissions) == 48 * 2 - 2
    assert {row.cycle_year for row in rows.values()} == {2025}
    with_homes = {(unit.municipality, unit.owner) for unit in units.values()} - silent
    assert {key for key, row in rows.items() if not row.nil} == with_homes
    assert all(row.nil == (row.columns is None) for row in rows.values())
    assert sum(row.late for row in rows.values()) == 2
    assert all(row.late == (row.received_on > date(2025, 10, 31)) for row in rows.values())


def test_declared_columns_add_up_and_agree_with_the_registry(world: SyntheticWorld) -> None:
    days = {row.received_on for row in world.submissions}
    then = {day: [u for u in registry(world, day).values() if u.status not in GONE] for day in days}
    sap = {home.unit_id for home in registered(world) if home.service_type == "SAP"}
    owner = {home.unit_id: (home.municipality, home.owner) for home in registered(world)}
    let = Counter(
        owner[c.report.unit_id]
        for c in world.reports
        if isinstance(c.report, UnitAssigned) and c.report.effective_on.year == 2024 and c.report.unit_id in sap
    )
    for row in world.submissions:
        if (columns := row.columns) is None:
            continue
        key = (row.municipality, row.owner)
        mine = [u for u in then[row.received_on] if (u.municipality, u.owner) == key]
        standing = [u for u in mine if u.status is not UnitStatus.IN_CONSTRUCTION]
        occupied = sum(u.status is UnitStatus.OCCUPIED for u in mine)
        # g = b + c + d + e + f
        assert columns.assignable_total == (
            columns.as_is_assignable
            + columns.under_renovation_assignable
            + columns.new_build_assignable
            + (columns.free_now + columns.turnover_expected)
            + columns.conferred_by_private
        )
        assert columns.stock_sap + columns.stock_sas + columns.stock_sat == len(standing)
        assert columns.free_now == sum(u.status is UnitStatus.FREE_ASSIGNABLE and u.unit_id in sap for u in mine)
        assert columns.turnover_expected <= Decimal("0.15") * occupied
        assert columns.assigned_previous_year == let[key]


def test_next_vacancy_is_a_legal_report_of_aler_in_a_town(world: SyntheticWorld, units: dict[str, Unit]) -> None:
    claim = next_vacancy(world)
    before = units[claim.report.unit_id]
    after = apply(before, claim.report, claim.organisation)
    assert (before.status, after.status) == (UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE)
    assert claim.organisation == before.owner == "aler-bcm"
    waiting = world.cases[-1]
    assert before.accessible
    assert before.municipality == waiting.municipality != world.ambito.lead_istat_code
    assert claim.report.effective_on == UNTIL > before.since
    assert claim.report_id not in {known.report_id for known in world.reports}
    assert next_vacancy(world) == claim


def test_a_leap_day_has_a_window_too() -> None:
    assert generate(1, ambito("cremonese"), date(2028, 2, 29)).start == date(2025, 2, 28)


DIGEST = """
from datetime import date
from hashlib import sha256
from deploy.demo.synthetic import generate, next_vacancy
from shared.territory import ambito

for seed in (1, 2):
    world = generate(seed, ambito("cremonese"), date(2026, 11, 23))
    digest = sha256()
    for claim in [*world.reports, next_vacancy(world)]:
        digest.update(claim.organisation.encode() + claim.report_id.bytes + claim.report.write())
    for event in [*world.cases, *world.submissions]:
        digest.update(event.write())
    print(digest.hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    def digests(hash_seed: str) -> list[str]:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        root = Path(__file__).parents[3]
        command = [sys.executable, "-c", DIGEST]
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=True
        ).stdout.split()

    first = digests("0")
    assert first == digests("4242")
    assert first[0] != first[1]
