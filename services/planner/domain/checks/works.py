"""V15: works that the forecast counts on (R.R. 4/2017, art. 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from services.planner.domain.checks.faults import Check, RowKey, Severity
from shared.problem_texts import Text

KIND = Text("il tipo di intervento", "the kind of works")
PROGRAMME = Text("il programma", "the programme")
END = Text("la data di fine prevista", "the expected end")


class PlannedWorks(NamedTuple):
    """Lavori previsti nel triennio, as an owner declares them; None is left empty."""

    reference: str
    kind: str | None
    programme: str | None
    expected_end_on: date | None


def works_checks(row: RowKey, works: PlannedWorks, years: Sequence[int]) -> Iterator[Check]:
    """V15: works in the forecast have a kind, a programme and an end inside the triennium; `years` are its years."""
    missing = [
        (column, name)
        for column, name, value in (
            ("works.kind", KIND, works.kind),
            ("works.programme", PROGRAMME, works.programme),
            ("works.expected_end_on", END, works.expected_end_on),
        )
        if not value
    ]
    for column, name in missing:
        yield Check(
            "V15",
            Severity.MISSING,
            row,
            column,
            "–",
            Text(
                f"Per i lavori {works.reference} manca {name.it}: senza, la previsione non può contarli.",
                f"Works {works.reference} lack {name.en}: without it the forecast cannot count them.",
            ),
            Text(f"Indicare {name.it}.", f"Give {name.en}."),
        )
    if works.expected_end_on is not None and works.expected_end_on.year not in years:
        yield _outside(row, works.reference, works.expected_end_on, years)


def _outside(row: RowKey, reference: str, end_on: date, years: Sequence[int]) -> Check:
    first, last = years[0], years[-1]
    return Check(
        "V15",
        Severity.VALIDITY,
        row,
        "works.expected_end_on",
        end_on.isoformat(),
        Text(
            f"I lavori {reference} finiscono il {end_on:%d.%m.%Y}, fuori dal triennio {first}-{last}.",
            f"Works {reference} end on {end_on:%Y-%m-%d}, outside the years {first}-{last}.",
        ),
        Text(
            f"Correggere la data (dal 01.01.{first} al 31.12.{last}), o togliere i lavori dalla previsione.",
            f"Correct the date ({first}-01-01 to {last}-12-31), or take the works out of the forecast.",
        ),
    )
