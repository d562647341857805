"""To which ambito a home belongs: the partition key of its reports must be that of its plan."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from services.registry.domain.refusals import Refusal
from shared.events import Report, UnitRegistered


def check_ambito(
    known: str | None, claimed: str, subject: str, report: Report, members: AbstractSet[str] | None
) -> None:
    """Refuse a report sent under another ambito than the home's, or about another unit than its envelope says.

    `known` is the ambito of a home in the registry, `claimed` the one the report was sent under,
    `members` the municipalities of that one (None: an ambito whose territory this installation does not hold).
    """
    if subject != report.unit_id:
        raise Refusal(
            "subject-mismatch",
            f"La busta nomina l’alloggio {subject}, il contenuto di {report.unit_id}. Usare lo stesso identificativo.",
            f"The envelope speaks of unit {subject}, the body of {report.unit_id}. Use the same identifier in both.",
        )
    if known is not None and known != claimed:
        raise _elsewhere(report.unit_id, claimed, known)
    if known is None and isinstance(report, UnitRegistered) and members and report.municipality not in members:
        raise Refusal(
            "outside-ambito",
            f"Il comune {report.municipality} non fa parte dell’ambito {claimed}. Controllare il codice ISTAT.",
            f"Municipality {report.municipality} is not part of ambito {claimed}. Check the ISTAT code.",
        )


def _elsewhere(unit_id: str, claimed: str, known: str) -> Refusal:
    return Refusal(
        "wrong-ambito",
        f"L’alloggio {unit_id} appartiene all’ambito {known}, non a {claimed}. Segnalarlo con quell’ambito.",
        f"Unit {unit_id} belongs to ambito {known}, not to {claimed}. Send the report under that ambito.",
    )
