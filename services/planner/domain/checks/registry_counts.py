"""V3 and V16: what an owner declares against what the registry counted (R.R. 4/2017, art. 5 c. 1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.planner.domain.checks.faults import Check, RowKey, Severity, counted
from shared.events.units import ServiceType
from shared.problem_texts import Text

STOCK_COLUMNS = {
    ServiceType.SAP: "stock_sap",
    ServiceType.SAS: "stock_sas",
    ServiceType.SAT: "stock_sat",
}


class RegisteredHome(NamedTuple):
    """Alloggio in anagrafe alla data di riferimento: one of the owner's in the municipality at the cut-off."""

    unit_id: str
    service: ServiceType


def stock_checks(
    row: RowKey,
    declared: Mapping[ServiceType, int],
    registered: Sequence[RegisteredHome],
    listed: Collection[str] | None = None,
) -> Iterator[Check]:
    """V3: column a is the registry's count at the cut-off, for each service type.

    `listed` are the homes the owner has named, if it has: then the difference is told by home, otherwise `units` are
    the homes of the service type that the registry has. The cut-off is the parameter `registry_cut_off`, an assumption.
    """
    for service, column in STOCK_COLUMNS.items():
        homes = sorted(home.unit_id for home in registered if home.service is service)
        said, found = declared.get(service, 0), len(homes)
        if said != found:
            yield Check(
                "V3",
                Severity.IMPLAUSIBLE,
                row,
                column,
                str(said),
                Text(
                    f"La consistenza dichiarata (a = {said}) non è quella dell’anagrafe ({counted(found).it}): "
                    f"differenza {said - found:+d}.",
                    f"The declared stock (a = {said}) is not the registry’s ({counted(found).en}): "
                    f"difference {said - found:+d}.",
                ),
                Text(
                    "Correggere la dichiarazione, oppure comunicare all’anagrafe le variazioni mancanti.",
                    "Correct the declaration, or report the missing changes to the registry.",
                ),
                ("registry_cut_off",),
                tuple(homes) if listed is None else tuple(sorted(set(homes) ^ set(listed))),
            )


def assignment_checks(row: RowKey, declared: int, assigned: Sequence[str]) -> Iterator[Check]:
    """V16: column k is the number of homes the registry saw assigned in the year before; `assigned` are those homes."""
    found = len(assigned)
    if declared != found:
        yield Check(
            "V16",
            Severity.IMPLAUSIBLE,
            row,
            "assigned_previous_year",
            str(declared),
            Text(
                f"Gli alloggi assegnati nel {row.year - 1} dichiarati (k = {declared}) non sono quelli comunicati "
                f"all’anagrafe ({counted(found).it}): differenza {declared - found:+d}.",
                f"The homes declared as assigned in {row.year - 1} (k = {declared}) are not those reported to the "
                f"registry ({counted(found).en}): difference {declared - found:+d}.",
            ),
            Text(
                "Correggere la dichiarazione, oppure comunicare le assegnazioni mancanti.",
                "Correct the declaration, or report the missing assignments.",
            ),
            (),
            tuple(sorted(assigned)),
        )
