"""Who submitted: the declarations of the cycle in force, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.planner.document.cells import MUNICIPALITY, OWNER, plain, section, table, whose
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart
from services.planner.domain.plan import Plan
from services.planner.domain.state import PlanState
from shared.events.submissions import SubmissionReceived
from shared.territory import municipality_organisation


class Cycle(NamedTuple):
    """Ciclo annuale: its year, the declaration in force of each owner and municipality, and whose are missing."""

    year: int
    rows: tuple[SubmissionReceived, ...]
    missing: tuple[tuple[str, str], ...]
    """(municipality, owner)."""


def cycle_of(plan: Plan, state: PlanState, filed: Iterable[SubmissionReceived]) -> Cycle:
    """The latest cycle that anybody declared, or else the one before the triennium.

    Expected are every municipality and every owner of homes in one: who has nothing to declare says so (R.R. 4/2017,
    art. 5 c. 1).
    """
    every = sorted(filed, key=lambda row: row.revision)
    year = max((row.cycle_year for row in every), default=plan.triennium.first_year - 1)
    latest = {(row.municipality, row.owner): row for row in every if row.cycle_year == year}
    owners = {(place, owner) for (place, owner, _), count in state.stock.items() if count}
    expected = owners | {(place, municipality_organisation(place)) for place in plan.names}
    return Cycle(
        year,
        tuple(latest[key] for key in _in_order(plan, latest)),
        tuple(_in_order(plan, expected - latest.keys())),
    )


def submissions(plan: Plan, cycle: Cycle) -> DocumentPart:
    """Every declaration received, with its day; how many municipalities are told of."""
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
    told = len({row.municipality for row in cycle.rows})
    heard = f"Per il ciclo {cycle.year} ci sono dichiarazioni su {told} dei {len(names)} comuni."
    missing = "Non manca nessuna riga."
    if cycle.missing:
        missing = f"Righe mancanti: {len(cycle.missing)} (allegato C); al loro posto il piano usa le previsioni."
    return DocumentPart(
        "",
        "Chi ha trasmesso i dati",
        (section("", plain(heard, missing), table("Dichiarazioni ricevute", columns, rows)),),
    )


def _in_order(plan: Plan, keys: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    return sorted(keys, key=lambda key: (plan.names.get(key[0], key[0]), key[1]))
