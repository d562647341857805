"""Part 3 of the document: fabbisogno abitativo primario, without the small counts that would name a household."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.planner.document.cells import (
    EMPTY,
    MUNICIPALITY,
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
    withheld_count,
)
from services.planner.document.model import Cell, Column, ColumnKind, DocumentPart, Span, Table
from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name
from services.planner.domain.need.declared import SIZE_CLASSES, Component
from services.planner.domain.need.sentences import LABELS
from services.planner.domain.parts import Material, PlanPart, part_of
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import is_few, is_of_households
from services.planner.domain.withholding import whole, withheld, withheld_municipalities

TENTHS, SPAN = ColumnKind.THOUSANDTHS, ColumnKind.SPAN
NEED = Column("Famiglie nel triennio", TENTHS), Column("Intervallo", SPAN)
NOTE: Final = (
    "Sono stime, in famiglie. I numeri inferiori a tre non si pubblicano, e con loro quelli da cui si ricaverebbero "
    "(n.p.): identificherebbero un nucleo."
)
TOO_FEW: Final = "Le famiglie in condizione di bisogno sono troppo poche perché se ne possa pubblicare il numero."
NOBODY: Final = "Nessun comune ha ancora dichiarato dati sul fabbisogno: non se ne può stimare alcuno."


def need(material: Material) -> DocumentPart:
    """Sentences of the ambito, its need by municipality, component and household size, and faults of declarations."""
    part, plan = part_of(3, material, None), material.plan
    if not part.figures:
        return DocumentPart("3", part.title_it, (section("", plain(NOBODY)),))
    hidden = withheld_municipalities(plan)
    if hidden is None:
        return DocumentPart("3", part.title_it, (section("", plain(TOO_FEW)),))
    known = by_name(part.figures)
    sizes = {f"need_3y_size_{size}": _size_label(size) for size in SIZE_CLASSES}
    components = {f"component_{component.lower()}": _component_label(component) for component in Component}
    tables = (
        ("Comune per comune", _by_municipality(plan, hidden)),
        ("Di che cosa è fatto", _parts_table("Componenti del fabbisogno", "Componente", components, known)),
        ("Per numero di componenti", _parts_table("Fabbisogno per ampiezza del nucleo", "Nucleo", sizes, known)),
    )
    faults = listing(_faults(part))
    return DocumentPart(
        "3",
        part.title_it,
        (
            section("", paragraph(tuple(s for s in part.sentences if not _tells_few(s.figures, part.figures)))),
            *(section(title, shown) for title, shown in tables if shown.rows),
            *([section("Incongruenze nei dati dichiarati", faults)] if faults else []),
        ),
    )


def _by_municipality(plan: Plan, hidden: frozenset[str]) -> Table:
    columns = (MUNICIPALITY, *NEED, Column("Copertura", ColumnKind.PERCENT), Column("Pressione (ambito = 1)", TENTHS))
    rows = [_row(plan, code, is_hidden=code in hidden) for code in alphabetical(plan.names)]
    ambito = (Cell("Ambito"), of_plan(plan, None, "need_3y"), band_of_plan(plan, None, "need_3y"))
    total = (*ambito, share_of_plan(plan, None, "coverage"), EMPTY)
    return Table("Fabbisogno del triennio, comune per comune", columns, tuple(rows), total, NOTE)


def _row(plan: Plan, code: str, *, is_hidden: bool) -> tuple[Cell, ...]:
    """Coverage and pressure go with the need: divided into the supply they would tell it."""
    name = Cell(plan.names[code])
    if is_hidden:
        households = whole(plan.figures[FigureKey(code, None, "need_3y", None)])
        return name, withheld_count(households), UNTOLD, UNTOLD, UNTOLD
    ratios = share_of_plan(plan, code, "coverage"), of_plan(plan, code, "pressure")
    return name, of_plan(plan, code, "need_3y"), band_of_plan(plan, code, "need_3y"), *ratios


def _parts_table(caption: str, first: str, labels: Mapping[str, str], known: Mapping[str, Figure]) -> Table:
    """Rows of the ambito's figures that have a band; small ones are kept back, all where only that hides them."""
    values = {name: int(known[name].value or 0) for name in labels if name in known}
    hidden = withheld({name: whole(value) for name, value in values.items()})
    told = () if hidden is None else [(name, name in hidden) for name in values]
    rows = [
        (Cell(labels[name]), *((withheld_count(whole(values[name])), UNTOLD) if is_hidden else _banded(name, known)))
        for name, is_hidden in told
    ]
    return table(caption, (Column(first), *NEED), rows, NOTE)


def _banded(name: str, known: Mapping[str, Figure]) -> tuple[Cell, Cell]:
    low, high = (int(known[f"{name}_{end}"].value or 0) for end in ("low", "high"))
    return of_part(known[name]), Cell(Span(low, high))


def _tells_few(named: Iterable[str], figures: Iterable[Figure]) -> bool:
    """Whether a sentence would tell a small mean of households."""
    means = {f.id: f for f in figures if is_of_households(f.name) and not f.name.endswith(("_low", "_high"))}
    return any(
        name in means and means[name].unit is FigureUnit.THOUSANDTHS and is_few(whole(int(means[name].value or 0)))
        for name in named
    )


def _faults(part: PlanPart) -> Iterator[str]:
    for item in part.items:
        counts = [value for _, value in item.values if isinstance(value, int)]
        if item.kind == "fault" and not any(map(is_few, counts)):
            yield item.text_it


def _size_label(size: int) -> str:
    if size == SIZE_CLASSES[-1]:
        return f"{size} persone e più"
    return "1 persona" if size == 1 else f"{size} persone"


def _component_label(component: Component) -> str:
    return LABELS[component][0].upper() + LABELS[component][1:]
