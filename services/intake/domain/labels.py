"""What the counts of a declaration are called in messages and forms, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.problem_texts import Text

YEAR_COUNTS: Final[Mapping[str, Text]] = {
    "as_is_assignable": Text("Assegnabili nello stato di fatto", "Assignable as they are"),
    "works_assignable": Text("Assegnabili dopo lavori", "Assignable after works"),
    "new_build_assignable": Text("Nuovi o acquistati", "New or bought"),
    "turnover_expected": Text("Attesi dal turnover", "Expected from turnover"),
    "conferred_by_private": Text("Conferiti da privati", "Conferred by private parties"),
}
NEED_COUNTS: Final[Mapping[str, Text]] = {
    "applications_submitted": Text("Domande presentate", "Applications submitted"),
    "households_admitted": Text("Nuclei ammessi", "Households admitted"),
    "admitted_unsatisfied": Text("Ammessi e non soddisfatti", "Admitted and not satisfied"),
    "newly_admitted": Text("Ammessi nell’anno", "Admitted in the year"),
    "left_without_assignment": Text("Usciti senza assegnazione", "Left without an assignment"),
    "indigent_applicants": Text("Richiedenti indigenti", "Indigent applicants"),
    "eviction_orders": Text("Provvedimenti di sfratto", "Eviction orders"),
    "eviction_executions": Text("Sfratti eseguiti", "Evictions carried out"),
    "homeless_or_temporary": Text("Senza casa o in alloggio temporaneo", "Homeless or in temporary homes"),
    "uninhabitable_home": Text("In alloggio inagibile", "In an uninhabitable home"),
    "overcrowded": Text("In sovraffollamento", "Overcrowded"),
    "barriers": Text("Con barriere architettoniche", "With architectural barriers"),
    "waiting_households": Text("Nuclei in attesa", "Households waiting"),
    "rent_support_applications": Text("Domande di sostegno all’affitto", "Applications for rent support"),
    "linked_total": Text("Nuclei in stato di bisogno", "Households in need"),
}


def quoted(label: Text, value: int) -> Text:
    """`«Nuclei ammessi» = 96`."""
    return Text(f"«{label.it}» = {value}", f"'{label.en}' = {value}")
