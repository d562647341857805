"""Quadro normativo: the laws that the plan stands on, and every parameter of theirs that this edition applies."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from services.planner.document.cells import listing, plain, section, table, texts
from services.planner.document.model import Column, DocumentPart
from services.planner.domain.checks.faults import percent
from services.planner.domain.rules import Rules, Source
from services.planner.law.labels import LawLabels, law_labels
from shared.pages import Spoken, speaking
from shared.pages.formats import number

LAWS: Final = (
    "Legge regionale 8 luglio 2016, n. 16, «Disciplina regionale dei servizi abitativi».",
    "Regolamento regionale 4 agosto 2017, n. 4, «Disciplina della programmazione dell’offerta abitativa pubblica e "
    "sociale e dell’accesso e della permanenza nei servizi abitativi pubblici».",
)
MONTHS: Final = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)
STATUSES: Final = {"read": "letto", "assumed": "ipotesi di lavoro"}
NOTE: Final = (
    "«Letto»: il testo è stato letto in una copia pubblica. «Ipotesi di lavoro»: il valore non è stato verificato sul "
    "testo, o la legge non lo fissa."
)


def legal_frame(rules: Rules) -> DocumentPart:
    """The laws, and the parameters in force on the plan's day in the order of their labels."""
    labels = law_labels()
    columns = (Column("Regola"), Column("Valore"), Column("Articolo"), Column("Testo"))
    rows = [
        texts(label.name, value_it(rules.sources[name], labels, label.of), source.article, STATUSES[source.status])
        for name, label in labels.parameters.items()
        if (source := rules.sources[name])
    ]
    return DocumentPart(
        "",
        "Quadro normativo",
        (
            section("", plain("Il Piano è previsto da:"), listing(LAWS)),
            section("Regole applicate", table("Parametri usati da questa edizione", columns, rows, NOTE)),
        ),
    )


def value_it(source: Source, labels: LawLabels, of: str) -> str:
    """`20% delle unità dell'anno`, `16.000 euro`, `31 ottobre`, `28, 38, 48 m²`."""
    if source.value is None:
        return "non previsto"
    values = source.value if isinstance(source.value, tuple) else (source.value,)
    written = ", ".join(_one(value, source.unit, labels) for value in values) or "nessuna"
    return f"{written} {labels.units.get(source.unit, of)}".strip()


def _one(value: str | None, unit: str, labels: LawLabels) -> str:
    if value is None:
        return "senza limite"
    with speaking(Spoken()):
        match unit:
            case "share":
                return percent(Decimal(value))
            case "month-day":
                month, day = map(int, value.split("-"))
                return f"{day} {MONTHS[month - 1]}"
            case "code":
                return labels.codes[value]
    return number(int(value))
