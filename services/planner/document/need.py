"""Part 3 of the document: fabbisogno abitativo primario, in steps by which no small count of households is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from services.planner.document.cells import (
    MUNICIPALITY,
    SMALL,
    UNTOLD,
    alphabetical,
    band_of_plan,
    listing,
    of_part,
    of_plan,
    paragraph,
    plain,
    section,
    share_of_plan,
    table,
)
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart, Span, Table
from services.planner.domain.narrative.figures import Figure, by_name
from services.planner.domain.need.declared import SIZE_CLASSES, Component
from services.planner.domain.need.sentences import LABELS
from services.planner.domain.parts import Material, part_of
from services.planner.domain.parts.reading import for_all
from services.planner.domain.plan import Plan
from services.planner.domain.publication import STEP

NUMBER, SPAN = ColumnKind.NUMBER, ColumnKind.SPAN
NEED = Column("Famiglie nel triennio", NUMBER), Column("Intervallo", SPAN)
NOTE: Final = (
    f"Sono stime, in famiglie, a multipli di {STEP}: il valore e il minimo arrotondati per difetto, il massimo per "
    f"eccesso. Così la copertura è la più alta possibile. Meno di {STEP} comprende nessuna: un numero esatto "
    "identificherebbe un nucleo."
)
TOO_FEW: Final = "Le famiglie in condizione di bisogno sono troppo poche perché se ne possa pubblicare il numero."
NOBODY: Final = "Nessun comune ha ancora dichiarato dati sul fabbisogno: non se ne può stimare alcuno."


def need(material: Material) -> DocumentPart:
    """Sentences of the ambito, its need by municipality, component and household size, and faults of declarations."""
    shared = for_all(material)
    part, plan = part_of(3, shared, None), shared.plan
    if not part.figures:
        return DocumentPart("3", part.title_it, (section("", plain(NOBODY)),))
    if None not in plan.needs:
        return DocumentPart("3", part.title_it, (section("", plain(TOO_FEW)),))
    known = by_name(part.figures)
    sizes = {f"need_3y_size_{size}": _size_label(size) for size in SIZE_CLASSES}
    components = {f"component_{component.lower()}": _component_label(component) for component in Component}
    tables = (
        ("Comune per comune", _by_municipality(plan)),
        ("Di che cosa è fatto", _parts_table("Componenti del fabbisogno", "Componente", components, known)),
        ("Per numero di componenti", _parts_table("Fabbisogno per ampiezza del nucleo", "Nucleo", sizes, known)),
    )
    faults = listing(item.text_it for item in part.items)
    return DocumentPart(
        "3",
        part.title_it,
        (
            section("", paragraph(part.sentences)),
            *(section(title, shown) for title, shown in tables if shown.rows),
            *([section("Incongruenze nei dati dichiarati", faults)] if faults else []),
        ),
    )


def _by_municipality(plan: Plan) -> Table:
    columns = (MUNICIPALITY, *NEED, Column("Copertura, al più", ColumnKind.PERCENT))
    rows = [_row(plan, code, plan.names[code]) for code in alphabetical(plan.names)]
    return Table("Fabbisogno del triennio, comune per comune", columns, tuple(rows), _row(plan, None, "Ambito"), NOTE)


def _row(plan: Plan, code: str | None, name: str) -> tuple[Cell, ...]:
    if code not in plan.needs:
        return Cell(name), SMALL, UNTOLD, UNTOLD
    need = _whole(of_plan(plan, code, "need_3y")), band_of_plan(plan, code, "need_3y")
    return Cell(name), *need, share_of_plan(plan, code, "coverage")


def _parts_table(caption: str, first: str, labels: Mapping[str, str], known: Mapping[str, Figure]) -> Table:
    """Rows of the ambito's figures that have a band."""
    rows = [(Cell(label), *_banded(name, known)) for name, label in labels.items() if name in known]
    return table(caption, (Column(first), *NEED), rows, NOTE)


def _banded(name: str, known: Mapping[str, Figure]) -> tuple[Cell, Cell]:
    if not known[name].value:
        return SMALL, UNTOLD
    low, high = (int(known[f"{name}_{end}"].value or 0) for end in ("low", "high"))
    return _whole(of_part(known[name])), Cell(Span(low, high))


def _whole(told: Cell) -> Cell:
    """Thousandths of what is told in steps, as the households that they are."""
    return replace(told, value=int(cast(int, told.value)) // 1000)


def _size_label(size: int) -> str:
    if size == SIZE_CLASSES[-1]:
        return f"{size} persone e più"
    return "1 persona" if size == 1 else f"{size} persone"


def _component_label(component: Component) -> str:
    return LABELS[component][0].upper() + LABELS[component][1:]
