"""Rilievi del piano sui dati trasmessi: checks V3, V7, V8, V10, V11, V15 to V17 (domain.md §6) and V19.

Intake refuses what a row contradicts in itself (V1, V2, V4 to V9, V13, V14; of V15 the declared programmes, of V17 the
rows of one submission); the plan asks V7 and V8 again, by the rules of its own day. What contradicts the registry, the
owner's other rows or an earlier plan can only be told once the row is in: it is a remark on the plan, refuses nothing
and changes no figure. An implausible value that the owner has confirmed keeps its reason beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from services.planner.domain.checks.annual_totals import annual_checks
from services.planner.domain.checks.contributions import contribution_checks
from services.planner.domain.checks.evidence import CheckEvidence, OwnedWorks, columns_of
from services.planner.domain.checks.faults import Check, RowKey
from services.planner.domain.checks.registry_counts import assignment_checks, stock_checks
from services.planner.domain.checks.reserved import reservation_checks, sat_checks, share_checks
from services.planner.domain.checks.works import PlannedWorks, works_checks
from services.planner.domain.emergency.allowances import sat_allowances
from services.planner.domain.quotas import OwnerYear, divide_by_owner
from services.planner.domain.rules import Rules
from shared.events.planning import YearForecast
from shared.events.submissions import SubmissionReceived
from shared.events.units import ServiceType

SAME_OF_THE_YEAR = {
    "turnover_expected": "turnover_expected",
    "works_assignable": "under_renovation_assignable",
    "new_build_assignable": "new_build_assignable",
    "as_is_assignable": "as_is_assignable",
    "conferred_by_private": "conferred_by_private",
}
"""What a year's row of the three-year plan says, and the annual column that says the same."""


class Remark(NamedTuple):
    """Rilievo del piano: a failed check, the field as a JSON pointer, and the reason the owner confirmed it with."""

    check: Check
    field: str
    confirmed: str | None


def remarks_of(evidence: CheckEvidence, rules: Rules, years: tuple[int, ...], on: date) -> tuple[Remark, ...]:
    """Every remark on a plan of `on`, which forecasts these `years`: by row, then by the number of the check."""
    found = [
        *(_remark(check, row) for row in evidence.rows.values() for check in _row_checks(row, evidence, rules, on)),
        *(_remark(check, None) for check in _owner_checks(evidence, rules)),
        *(_remark(check, None) for works in evidence.open_works() for check in _works_checks(works, years, on)),
    ]
    return tuple(sorted(found, key=_place))


def _place(remark: Remark) -> tuple[str, str, int, int, str, str]:
    check = remark.check
    owner, municipality, year = check.row
    return owner, municipality or "", year, int(check.code[1:]), check.column, check.rule.it


def _remark(check: Check, row: SubmissionReceived | None) -> Remark:
    field = check.column if "." in check.column else f"/columns/{check.column}"
    reasons = {one.field: one.reason for one in row.confirmations} if row else {}
    fields = (field, *(_same_fields(check, row) if row else ()))
    return Remark(check, field, next((reasons[name] for name in fields if name in reasons), None))


def _same_fields(check: Check, row: SubmissionReceived) -> Iterator[str]:
    """Of V17 intake has asked for a reason where the submission itself said two things of the year."""
    for place, planned in enumerate(row.forecast or ()):
        for name, column in SAME_OF_THE_YEAR.items():
            if (check.code, check.column, check.row.year) == ("V17", column, planned.year):
                yield f"/forecast/{place}/{name}"


def _row_checks(row: SubmissionReceived, evidence: CheckEvidence, rules: Rules, on: date) -> Iterator[Check]:
    columns, owner, place = columns_of(row), row.owner, row.municipality
    key = RowKey(owner, place, row.cycle_year)
    cut_off = date(row.cycle_year, *rules.deadlines.registry_cut_off)
    # Before the cut-off there is nothing to compare with, and of a year before it began the registry knows nothing.
    if cut_off <= on and evidence.knew_by(owner, place, cut_off):
        stock = {
            ServiceType.SAP: columns.stock_sap,
            ServiceType.SAS: columns.stock_sas,
            ServiceType.SAT: columns.stock_sat,
        }
        yield from stock_checks(key, stock, evidence.registered(owner, place, cut_off))
    if evidence.knew_by(owner, place, date(row.cycle_year - 1, 1, 1)):
        assigned = evidence.assigned_in(owner, place, row.cycle_year - 1)
        yield from assignment_checks(key, columns.assigned_previous_year, assigned)
    if (planned := _planned(row, evidence)) is not None:
        three = {column: getattr(planned, name) for name, column in SAME_OF_THE_YEAR.items()}
        annual = {column: getattr(columns, column) for column in three}
        yield from annual_checks(key._replace(year=planned.year), annual, three)


def _planned(row: SubmissionReceived, evidence: CheckEvidence) -> YearForecast | None:
    """What the three-year plan says of the row's year: an earlier declaration if there is one, else the row itself."""
    told = {
        cycle_year: planned
        for (cycle_year, owner, municipality), other in evidence.rows.items()
        if (owner, municipality) == (row.owner, row.municipality) and cycle_year <= row.cycle_year
        for planned in other.forecast or ()
        if planned.year == row.cycle_year + 1
    }
    earlier = [cycle_year for cycle_year in told if cycle_year < row.cycle_year]
    return told[max(earlier)] if earlier else told.get(row.cycle_year)


def _owner_checks(evidence: CheckEvidence, rules: Rules) -> Iterator[Check]:
    """V10 of all an owner's homes, V11 of what it may assign, V7, V8 and V19 of each row: of its latest cycle year."""
    latest: dict[str, int] = {}
    for cycle_year, owner, _ in evidence.rows:
        latest[owner] = max(cycle_year, latest.get(owner, cycle_year))
    rows = [row for (year, owner, _), row in evidence.rows.items() if latest[owner] == year]
    allowances = sat_allowances(evidence.stock(), (), rules.sat)
    for owner, year in sorted(latest.items()):
        sat = sum(columns_of(row).sat_units for row in rows if row.owner == owner)
        baseline = allowances[owner].baseline if owner in allowances else 0
        yield from sat_checks(RowKey(owner, None, year), sat, baseline, rules)
    for division in divide_by_owner(map(OwnerYear.of, rows), rules.quotas):
        yield from reservation_checks(RowKey(division.owner, division.municipality, latest[division.owner]), division)
    for row in rows:
        key = RowKey(row.owner, row.municipality, row.cycle_year)
        yield from share_checks(key, OwnerYear.of(row), rules)
        yield from contribution_checks(key, row.measures or (), rules)


def _works_checks(found: OwnedWorks, years: tuple[int, ...], on: date) -> Iterable[Check]:
    """V15 of works that the registry knows: those that end before the triennium are not in its forecast, once over."""
    works, end_on = found.works, found.works.expected_end_on
    if on <= end_on and end_on.year < years[0]:
        return ()
    planned = PlannedWorks(works.programme, works.kind, works.programme, end_on)
    checks = works_checks(RowKey(found.owner, found.municipality, years[0]), planned, years)
    return (check._replace(units=found.unit_ids) for check in checks)
