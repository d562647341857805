"""What the counts of a declaration are called in messages, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.problem_texts import Text

YEAR_COUNTS: Final[Mapping[str, Text]] = {
    "turnover_expected": Text("alloggi attesi dal turnover", "homes expected from turnover"),
    "works_assignable": Text("alloggi assegnabili dopo lavori", "homes assignable after works"),
    "new_build_assignable": Text("alloggi nuovi o acquistati assegnabili", "new or bought homes assignable"),
    "as_is_assignable": Text("alloggi assegnabili nello stato di fatto", "homes assignable as they are"),
    "conferred_by_private": Text("alloggi conferiti da privati", "homes conferred by private parties"),
}
NEED_COUNTS: Final[Mapping[str, Text]] = {
    "applications_submitted": Text("domande presentate", "applications submitted"),
    "households_admitted": Text("nuclei ammessi", "households admitted"),
    "admitted_unsatisfied": Text("nuclei ammessi e non soddisfatti", "households admitted and not satisfied"),
    "newly_admitted": Text("nuclei ammessi nell'anno", "households admitted in the year"),
    "indigent_applicants": Text("richiedenti indigenti", "indigent applicants"),
    "eviction_orders": Text("provvedimenti di sfratto", "eviction orders"),
    "eviction_executions": Text("sfratti eseguiti", "evictions carried out"),
    "linked_total": Text("nuclei in stato di bisogno contati una volta", "households in need, each counted once"),
}


def quoted(label: Text, value: int) -> Text:
    """`«nuclei ammessi» = 96`."""
    return Text(f"«{label.it}» = {value}", f"'{label.en}' = {value}")
