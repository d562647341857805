"""Who submitted: the declarations of the cycle in force, and those that are missing."""

from __future__ import annotations

from services.planner.document.cells import MUNICIPALITY, OWNER, plain, section, table, whose
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart
from services.planner.domain.lifecycle.cycle import Cycle
from services.planner.domain.plan import Plan


def submissions(plan: Plan, cycle: Cycle) -> DocumentPart:
    """Every declaration received, with its day; of how many municipalities none is missing."""
    names = plan.names
    columns = (MUNICIPALITY, OWNER, Column("Ricevuta il", ColumnKind.DAY), Column("Nei termini"), Column("Contenuto"))
    rows = [
        (
            *whose(row.municipality, row.owner, names),
            *(Cell(row.received_on), Cell("no" if row.late else "sì")),
            Cell("nulla da dichiarare" if row.nil else "dati"),
        )
        for row in cycle.rows
    ]
    complete = len(cycle.complete_among(names))
    heard = f"Per il ciclo {cycle.year} le dichiarazioni sono complete per {complete} dei {len(names)} comuni."
    missing = "Non manca nessuna riga."
    if cycle.missing:
        missing = f"Righe mancanti: {len(cycle.missing)} (allegato C); al loro posto il piano usa le previsioni."
    return DocumentPart(
        "",
        "Chi ha trasmesso i dati",
        (section("", plain(heard, missing), table("Dichiarazioni ricevute", columns, rows)),),
    )
