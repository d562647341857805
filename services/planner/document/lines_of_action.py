"""Parts 5, 6 and 7 of the document: strategie e alienazioni, emergenza abitativa, accesso e permanenza."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from services.planner.document.cells import (
    MUNICIPALITY,
    OWNER,
    SMALL,
    UNTOLD,
    listing,
    paragraph,
    plain,
    section,
    table,
    whose,
)
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart, Table
from services.planner.domain.labels import LABELS
from services.planner.domain.parts import Item, Material, part_of
from services.planner.domain.parts.reading import for_all
from services.planner.domain.plan import FigureKey, Plan, key_of
from services.planner.domain.publication import STEP, is_of_households, open_cases, public_actions, step_it
from services.planner.domain.strategies.objectives import ObjectiveStatus
from shared.events.planning import DisposalKind
from shared.wording import amount

NUMBER, EUROS, DAY = ColumnKind.NUMBER, ColumnKind.EUROS, ColumnKind.DAY
DISPOSALS: Final = {
    DisposalKind.SOLD: "vendita",
    DisposalKind.BARTERED: "permuta",
    DisposalKind.VALORISED: "valorizzazione",
}
STATUSES: Final = {
    ObjectiveStatus.REACHED: "raggiunto",
    ObjectiveStatus.ON_TRACK: "in linea",
    ObjectiveStatus.LATE: "in ritardo",
    ObjectiveStatus.UNKNOWN: "non noto",
}
CAP_NOTE: Final = (
    "Il patrimonio di partenza è un’ipotesi di lavoro: ogni alloggio mai registrato dell’ente. Dove il comune non è "
    "indicato il limite è di tutti gli alloggi dell’ente nell’ambito."
)
PRIVACY: Final = "I casi si contano solo per l’intero ambito; nessuna azione dice a quale caso si riferisce."
REACHED_NOTE: Final = (
    f"Un nucleo raggiunto da due misure è contato in entrambe. I numeri inferiori a {STEP} non si pubblicano, e con "
    "loro le risorse; non sono nemmeno nei totali."
)


def strategies(material: Material) -> DocumentPart:
    """Objectives beside what the plan counts now, disposals beside their caps, the regional directives."""
    part, names = part_of(5, material, None), material.plan.names
    kinds: dict[str, list[Item]] = defaultdict(list)
    for item in part.items:
        kinds[item.kind].append(item)
    directives = [f"{item.text_it} ({dict(item.values)['article']})" for item in kinds["directive"]]
    return DocumentPart(
        "5",
        part.title_it,
        (
            section(
                "Obiettivi",
                _pursued(kinds["objective"], names) if kinds["objective"] else None,
                _objectives(kinds["strategy"], material.plan),
            ),
            section(
                "Alienazioni e valorizzazioni",
                _disposals(kinds["disposal"], names),
                _caps(kinds["disposal_cap"], names),
            ),
            *([section("Limiti superati", listing(item.text_it for item in kinds["fault"]))] if kinds["fault"] else []),
            *([section("Indirizzi regionali", listing(directives))] if directives else []),
        ),
    )


def emergency(material: Material) -> DocumentPart:
    """How many cases are open in the ambito, in steps, and what is proposed, without the cases."""
    part, plan = part_of(6, material, None), material.plan
    count = open_cases(plan)
    return DocumentPart(
        "6",
        part.title_it,
        (
            section("", plain(_open_it(count), PRIVACY)),
            section("Azioni proposte", listing(public_actions(plan))),
        ),
    )


def access(material: Material) -> DocumentPart:
    """Measures with their budget, the households they reach and the rule they come from."""
    part, names = part_of(7, for_all(material), None), material.plan.names
    columns = (
        *(MUNICIPALITY, OWNER, Column("Misura"), Column("Nuclei", NUMBER), Column("Risorse", EUROS)),
        Column("Da dove viene"),
    )
    rows = [_measure(item, names) for item in part.items]
    measures = table("Misure dichiarate", columns, rows, REACHED_NOTE)
    return DocumentPart("7", part.title_it, (section("", paragraph(part.sentences), measures),))


def _measure(item: Item, names: Mapping[str, str]) -> tuple[Cell, ...]:
    values: Mapping[str, Any] = dict(item.values)
    reached = SMALL, UNTOLD
    if "households" in values:
        reached = Cell(values["households"]), Cell(Decimal(values["budget_eur"]))
    return (*_whose(item, names), Cell(item.text_it), *reached, Cell(values["rule_of_origin"]))


def _open_it(count: int) -> str:
    return f"Casi di emergenza abitativa aperti nell’ambito: {step_it(count)}."


def _pursued(items: Iterable[Item], names: Mapping[str, str]) -> Table:
    """What the lead municipality has set, each beside its figure now; not where that counts households."""
    columns = (
        *(MUNICIPALITY, OWNER, Column("Obiettivo"), Column("Partenza"), Column("Oggi"), Column("Traguardo")),
        *(Column("Entro", DAY), Column("Stato")),
    )
    rows = []
    for item in items:
        values: Mapping[str, Any] = dict(item.values)
        key = key_of(values["figure"])
        is_told = not is_of_households(key.figure)
        amounts = [_amount(key, values[name]) if is_told else UNTOLD for name in ("baseline", "actual")]
        aim = Cell(amount(key.measure, values["target"])), _day(values["due_on"])
        status = Cell(STATUSES[values["status"]]) if is_told else UNTOLD
        rows.append((*_whose(item, names), Cell(f"{item.text_it} ({values['label']})"), *amounts, *aim, status))
    return table("Obiettivi fissati dal Comune capofila", columns, rows)


def _amount(key: FigureKey, value: int | None) -> Cell:
    return Cell(None if value is None else amount(key.measure, value), key.id)


def _objectives(items: Iterable[Item], plan: Plan) -> Table:
    columns = (
        *(MUNICIPALITY, OWNER, Column("Obiettivo"), Column("Situazione"), Column("Traguardo", NUMBER)),
        *(Column("Scadenza", DAY), Column("Ufficio")),
    )
    rows = []
    for item in items:
        values: Mapping[str, Any] = dict(item.values)
        rows.append(
            (
                *(*_whose(item, plan.names), Cell(item.text_it), _actual(item, values, plan)),
                *(Cell(values.get("target"), instead="\u2013"), _day(values.get("deadline_on"))),
                Cell(values.get("responsible_office", "\u2013")),
            )
        )
    return table("Obiettivi dichiarati e situazione del piano", columns, rows)


def _actual(item: Item, values: Mapping[str, Any], plan: Plan) -> Cell:
    """What the figure aimed at is now; nothing of a municipality's households."""
    name, actual = values.get("figure"), values.get("actual")
    if name is None or actual is None:
        return Cell(None, instead="\u2013")
    if is_of_households(name):
        return UNTOLD
    return Cell(amount(LABELS[name].measure, actual), FigureKey(item.municipality, None, name, None).id)


def _disposals(items: Iterable[Item], names: Mapping[str, str]) -> Table:
    columns = (
        *(MUNICIPALITY, OWNER, Column("Programma e atto"), Column("Forma"), Column("Alloggi", NUMBER)),
        *(Column("Prevista", DAY), Column("Proventi attesi", EUROS)),
    )
    rows = []
    for item in items:
        values: Mapping[str, Any] = dict(item.values)
        what = Cell(item.text_it), Cell(DISPOSALS[DisposalKind(values["kind"])]), Cell(values["units"])
        rows.append(
            (*_whose(item, names), *what, _day(values["expected_on"]), Cell(Decimal(values["expected_proceeds_eur"])))
        )
    return table("Programmi di alienazione e valorizzazione", columns, rows)


def _caps(items: Iterable[Item], names: Mapping[str, str]) -> Table:
    counts = {
        "baseline": "Patrimonio di partenza",
        "cap": "Limite",
        "cap_sold": "Di cui vendibili",
        "used": "Usati",
        "used_sold": "Di cui venduti",
        "left": "Residui",
    }
    columns = (MUNICIPALITY, OWNER, *(Column(label, NUMBER) for label in counts.values()))
    rows = []
    for item in items:
        values: Mapping[str, Any] = dict(item.values)
        rows.append((*_whose(item, names), *(Cell(values[name]) for name in counts)))
    return table("Limiti di alienazione (L.R. 16/2016, art. 28)", columns, rows, CAP_NOTE)


def _whose(item: Item, names: Mapping[str, str]) -> tuple[Cell, Cell]:
    return whose(item.municipality, item.owner or "", names)


def _day(iso: str | None) -> Cell:
    return Cell(date.fromisoformat(iso) if iso else None, instead="\u2013")
