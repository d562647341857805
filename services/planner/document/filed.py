"""Who submitted: the declarations of the cycle in force, and those that are missing."""

from __future__ import annotations

from typing import Final

from services.planner.document.cells import MUNICIPALITY, OWNER, plain, section, table, whose
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart
from services.planner.domain.lifecycle.cycle import Cycle
from services.planner.domain.plan import Plan

MADE_UP: Final = (
    "I dati sintetici sono dichiarati il giorno in cui la dimostrazione è stata avviata, quasi sempre oltre il termine."
)


def submissions(plan: Plan, cycle: Cycle, *, synthetic: bool) -> DocumentPart:
    """Every declaration received, with its day; of how many municipalities none is missing, and how many came late."""
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
    told = plain(heard, missing, *_in_time(cycle, synthetic))
    received = table("Dichiarazioni ricevute", columns, rows)
    return DocumentPart("", "Chi ha trasmesso i dati", (section("", told, received),))


def _in_time(cycle: Cycle, synthetic: bool) -> tuple[str, ...]:
    """How many came late; nothing where none did."""
    late = sum(row.late for row in cycle.rows)
    if not late:
        return ()
    counted = f"Arrivate oltre il termine: {late} su {len(cycle.rows)}; valgono come le altre."
    return (counted, MADE_UP) if synthetic else (counted,)
