"""Annexes of the document: righe per ente e comune, quote, dichiarazioni mancanti, variazioni, contestazioni."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.planner.document.cells import EMPTY, MUNICIPALITY, OWNER, section, table, whose
from services.planner.document.contested import contested_numbers
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart, Table
from services.planner.domain.annual import COLUMNS
from services.planner.domain.checks.evidence import columns_of
from services.planner.domain.lifecycle.cycle import Cycle
from services.planner.domain.parts import Material
from services.planner.domain.publication import EMERGENCY_NEWS, is_emergency, news
from services.planner.domain.quotas import Division, OwnerYear, Quota, QuotaKind, divide_by_owner
from shared.events.plans import PlanRecomputed
from shared.events.submissions import SubmissionReceived

NUMBER, PERCENT, DAY = ColumnKind.NUMBER, ColumnKind.PERCENT, ColumnKind.DAY
PREVIOUS: Final = "assigned_previous_year"
ANNUAL: Final = tuple(name for name in COLUMNS if name not in ("free_plus_turnover", PREVIOUS))
QUOTAS: Final = {
    QuotaKind.INDIGENCE: "Indigenti",
    QuotaKind.FORCES: "Forze",
    QuotaKind.LOCAL_POLICE: "Polizia locale",
    QuotaKind.CATEGORIES: "Categorie art. 14",
    QuotaKind.SAT: "Servizi transitori",
}
QUOTA_NOTE: Final = (
    "Alloggi per quota, nell’ordine in cui si danno quando sono pochi: per eccesso quelli per indigenti, per difetto "
    "gli altri. ALER ha una ripartizione per comune, gli altri enti una per l’ambito."
)
CHANGE_NOTE: Final = "Le ultime {} versioni che hanno cambiato numeri pubblici, dalla più recente."


def annexes(material: Material, cycle: Cycle, versions: Sequence[PlanRecomputed]) -> tuple[DocumentPart, ...]:
    names = material.plan.names
    titled = (
        (f"Righe per ente e comune, ciclo {cycle.year}", _annual_rows(cycle, names)),
        (f"Quote delle unità del {cycle.year + 1}", _quotas(material, cycle)),
        (f"Dichiarazioni mancanti, ciclo {cycle.year}", _missing(cycle, names)),
        ("Registro delle variazioni", _changes(versions, names)),
        (f"Assegnazioni dell’anno precedente, ciclo {cycle.year}", _assigned(cycle, names)),
        ("Numeri contestati", contested_numbers(material)),
    )
    return tuple(
        DocumentPart(letter, title, (section("", found),))
        for letter, (title, found) in zip("ABCDEF", titled, strict=True)
    )


def _annual_rows(cycle: Cycle, names: Mapping[str, str]) -> Table:
    """Columns a to j as they were declared; a row without anything to declare is of zeros."""
    labels = [f"{COLUMNS[name].label.it} ({COLUMNS[name].letter})" for name in ANNUAL]
    columns = (MUNICIPALITY, OWNER, *(Column(label, NUMBER) for label in labels))
    counts = [[getattr(columns_of(row), name) for name in ANNUAL] for row in cycle.rows]
    rows = tuple((*_whose(row, names), *map(Cell, found)) for row, found in zip(cycle.rows, counts, strict=True))
    total = (Cell("Totale"), EMPTY, *(Cell(sum(column)) for column in zip(*counts, strict=True))) if counts else ()
    return Table("Alloggi dichiarati, colonne da a a j", columns, rows, total)


def _quotas(material: Material, cycle: Cycle) -> Table:
    """Each owner's homes of the year by quota, under the rules of the plan's day."""
    years = [OwnerYear.of(row) for row in cycle.rows if columns_of(row).assignable_total]
    columns = (
        *(MUNICIPALITY, OWNER, Column("Assegnabili", NUMBER), Column("Quota indigenti", PERCENT)),
        *(*(Column(label, NUMBER) for label in QUOTAS.values()), Column("Per tutti", NUMBER)),
    )
    divisions = divide_by_owner(years, material.rules.quotas)
    return table("Alloggi per quota", columns, (_division(one, material.plan.names) for one in divisions), QUOTA_NOTE)


def _division(one: Division, names: Mapping[str, str]) -> tuple[Cell, ...]:
    quotas: Mapping[QuotaKind, Quota] = {quota.kind: quota for quota in one.quotas}
    whose_homes = (*whose(one.municipality, one.owner, names), Cell(one.available))
    granted = (Cell(quotas[kind].granted) for kind in QUOTAS)
    return (*whose_homes, Cell(quotas[QuotaKind.INDIGENCE].share), *granted, Cell(one.ordinary))


def _missing(cycle: Cycle, names: Mapping[str, str]) -> Table:
    rows = [whose(place, owner, names) for place, owner in cycle.missing]
    return table("Righe senza dichiarazione", (MUNICIPALITY, OWNER), rows)


def _changes(versions: Sequence[PlanRecomputed], names: Mapping[str, str]) -> Table:
    columns = (Column("Versione", NUMBER), Column("Dati al", DAY), Column("Variazione"), Column("Fatto"))
    rows = [row for version in versions for row in _told(version, names)]
    return table("Variazioni", columns, rows, CHANGE_NOTE.format(len(versions)))


def _told(version: PlanRecomputed, names: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    """What anybody may know of a version, and the fact that it names as its cause.

    Nothing of emergency cases: a line for each change of a case would count the cases.
    """
    by_name = {change.name: change.causes for change in version.changes}
    for line in news(version, names):
        if line == EMERGENCY_NEWS:
            continue
        causes = [cause for cause in by_name.get(line.partition(":")[0], ()) if not is_emergency(cause)]
        fact = str(causes[0].event_id) if causes else ""
        yield Cell(version.version), Cell(version.reference_on), Cell(line), Cell(fact)


def _assigned(cycle: Cycle, names: Mapping[str, str]) -> Table:
    columns = (MUNICIPALITY, OWNER, Column("Alloggi assegnati", NUMBER))
    rows = [(*_whose(row, names), Cell(count)) for row in cycle.rows if (count := getattr(columns_of(row), PREVIOUS))]
    return table("Alloggi assegnati nell’anno prima (colonna k)", columns, rows)


def _whose(row: SubmissionReceived, names: Mapping[str, str]) -> tuple[Cell, Cell]:
    return whose(row.municipality, row.owner, names)
