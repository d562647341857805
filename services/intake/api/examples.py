"""Declarations as the documentation shows them: annual columns alone, nothing to declare, all three years."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "stock_sap": 100,
    "as_is_assignable": 1,
    "under_renovation_assignable": 2,
    "new_build_assignable": 3,
    "free_now": 4,
    "turnover_expected": 5,
    "conferred_by_private": 6,
    "assignable_total": 21,
    "indigence_share": "0.20",
}
ANNUAL: Final = {"cycle_year": 2026, "municipality": "019036", "columns": COLUMNS}
NIL: Final = {"cycle_year": 2026, "municipality": "019036", "nil": True}
_FIRST_YEAR: Final = {
    "year": 2027,
    "turnover_expected": 5,
    "works_assignable": 2,
    "new_build_assignable": 3,
    "as_is_assignable": 1,
    "conferred_by_private": 6,
}
_RECOVERY: Final = {
    "programme_id": "PR-2026-7",
    "kind": "RECOVERY",
    "units": 2,
    "cost_eur": "90000.00",
    "expected_completion_on": "2027-06-30",
    "financed": True,
}
_SALE: Final = {
    "programme_id": "AL-2026-1",
    "kind": "SOLD",
    "units": 1,
    "expected_on": "2028-03-31",
    "expected_proceeds_eur": "60000.00",
    "act_reference": "Delibera di Consiglio n. 12 del 2026",
}
_NEED: Final = {
    "applications_submitted": 240,
    "households_admitted": 96,
    "admitted_unsatisfied": 58,
    "newly_admitted": 31,
    "left_without_assignment": 14,
    "indigent_applicants": 57,
    "eviction_orders": 21,
    "eviction_executions": 9,
    "homeless_or_temporary": 11,
    "uninhabitable_home": 6,
    "overcrowded": 17,
    "barriers": 4,
    "waiting_households": 88,
    "rent_support_applications": 75,
    "linked_total": 103,
    "by_household_size": [40, 24, 18, 12, 6, 3],
}
_MEASURE: Final = {
    "name": "Contributo regionale di solidarietà",
    "budget_eur": "60000.00",
    "households": 30,
    "rule_of_origin": "R.R. 11/2019, art. 3",
}
_STRATEGY: Final = {
    "objective": "Ridurre gli alloggi in attesa di lavori",
    "figure": "needing_works",
    "target": 40,
    "deadline_on": "2029-12-31",
    "responsible_office": "Settore Politiche sociali",
}
THREE_YEARS: Final = ANNUAL | {
    "forecast": [_FIRST_YEAR, {"year": 2028, "turnover_expected": 5}, {"year": 2029, "turnover_expected": 16}],
    "programmes": [_RECOVERY, _RECOVERY | {"programme_id": "NC-2025-1", "kind": "NEW_BUILD", "units": 3}],
    "disposals": [_SALE],
    "need": _NEED,
    "measures": [_MEASURE],
    "strategies": [_STRATEGY],
    "services": ["Sportello casa del Comune"],
    "criticalities": ["Alloggi sfitti in attesa di lavori"],
    "confirmations": [{"field": "/forecast/2/turnover_expected", "reason": "Trasferimento di un intero edificio"}],
}
