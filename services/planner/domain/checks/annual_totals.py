"""V17: the annual plan's row against the same year of the three-year plan (R.R. 4/2017, art. 3, art. 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.planner.domain.annual import COLUMNS
from services.planner.domain.checks.faults import Check, RowKey, Severity
from shared.problem_texts import Text


def annual_checks(row: RowKey, annual: Mapping[str, int], triennial: Mapping[str, int]) -> Iterator[Check]:
    """V17: each column that both plans give for the year is the same number; the columns are those of `COLUMNS`."""
    for column, (letter, label) in COLUMNS.items():
        if column not in annual or column not in triennial or annual[column] == triennial[column]:
            continue
        yearly, three = annual[column], triennial[column]
        yield Check(
            "V17",
            Severity.VALIDITY,
            row,
            column,
            str(yearly),
            Text(
                f"Alloggi {label.it} (colonna {letter}): il piano annuale dice {yearly}, "
                f"la riga {row.year} del piano triennale {three}; differenza {yearly - three:+d}.",
                f"Homes {label.en} (column {letter}): the annual plan says {yearly}, "
                f"the row {row.year} of the three-year plan {three}; difference {yearly - three:+d}.",
            ),
            Text(
                "Correggere uno dei due, o aggiornare il piano triennale con il piano annuale.",
                "Correct one of the two, or let the annual plan update the three-year plan.",
            ),
        )
