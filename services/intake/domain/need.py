"""What a municipality says of the housing need of its own territory: counts that can be, and sums that agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.intake.domain.faults import Fault, implausible
from services.intake.domain.labels import NEED_COUNTS, quoted
from shared.events import HousingNeed, OwnerKind
from shared.problem_texts import Text

PARTS: Final = (
    ("admitted_unsatisfied", "households_admitted"),
    ("indigent_applicants", "applications_submitted"),
)
"""Counts of which the first is a part of the second."""
USUALLY_PARTS: Final = (
    ("households_admitted", "applications_submitted"),
    ("newly_admitted", "households_admitted"),
    ("eviction_executions", "eviction_orders"),
)
"""As above, but for what is left over from the years before."""
IN_NEED: Final = ("admitted_unsatisfied", "homeless_or_temporary", "uninhabitable_home", "overcrowded", "barriers")
"""Reasons for which a household is in need, beside eviction: one household may have several of them."""


def need_faults(need: HousingNeed, kind: OwnerKind) -> Iterator[Fault]:
    if kind is not OwnerKind.MUNICIPALITY:
        yield Fault(
            "need-of-own-territory",
            "/need",
            None,
            Text("Solo un Comune dichiara il fabbisogno, del proprio territorio.", "Only a municipality states need."),
            Text("Togliere «need».", "Remove 'need'."),
        )
        return
    for part, whole in PARTS:
        if rule := _exceeds(need, part, whole):
            remedy = Text("Correggere uno dei due valori.", "Correct one of the two values.")
            yield Fault("need-part", f"/need/{part}", str(getattr(need, part)), rule, remedy)
    for part, whole in USUALLY_PARTS:
        if rule := _exceeds(need, part, whole):
            yield implausible("need-part", f"/need/{part}", getattr(need, part), rule)
    yield from _linked_faults(need)
    yield from _split_faults(need)


def _exceeds(need: HousingNeed, part: str, whole: str) -> Text | None:
    few, many = getattr(need, part), getattr(need, whole)
    if few is None or many is None or few <= many:
        return None
    less, more = quoted(NEED_COUNTS[part], few), quoted(NEED_COUNTS[whole], many)
    return Text(f"{less.it} supera {more.it}.", f"{less.en} exceeds {more.en}.")


def _linked_faults(need: HousingNeed) -> Iterator[Fault]:
    """The households of a union are at least those of its largest part, at most those of all parts (Fréchet)."""
    total, counts = need.linked_total, [getattr(need, name) for name in IN_NEED]
    if total is None:
        return
    least = max(count or 0 for count in (*counts, need.eviction_executions))
    if total < least:
        yield _linked_fault(
            total, f"meno di una delle sue parti ({least})", f"fewer than one of the reasons has ({least})"
        )
    evictions = [count for count in (need.eviction_orders, need.eviction_executions) if count is not None]
    if None in counts or not evictions:
        return  # a part that is not known may be as large as any
    most = sum(counts) + max(evictions)
    if total > most:
        yield _linked_fault(total, f"più della somma delle sue parti ({most})", f"more than all reasons have ({most})")


def _linked_fault(total: int, it: str, en: str) -> Fault:
    return Fault(
        "need-linked-total",
        "/need/linked_total",
        str(total),
        Text(
            f"I nuclei in stato di bisogno, contati una volta sola, sono {total}: {it}.",
            f"The households in need, each counted once, are {total}: {en}.",
        ),
        Text("Correggere il totale o le parti.", "Correct the total or the parts."),
    )


def _split_faults(need: HousingNeed) -> Iterator[Fault]:
    if need.by_household_size is None:
        return
    name = "linked_total" if need.linked_total is not None else "admitted_unsatisfied"
    total, parts = getattr(need, name), need.by_household_size
    if total == sum(parts):
        return
    addition, label = f"{' + '.join(map(str, parts))} = {sum(parts)}", NEED_COUNTS[name]
    if total is None:
        known = Text(f"ma manca il totale, «{label.it}»", f"but the total is missing, '{label.en}'")
    else:
        told = quoted(label, total)
        known = Text(f"diversa da {told.it}", f"other than {told.en}")
    yield Fault(
        "need-split",
        "/need/by_household_size",
        str(sum(parts)),
        Text(
            f"La ripartizione per numero di componenti è {addition}, {known.it}.",
            f"The split by household size is {addition}, {known.en}.",
        ),
        Text("Correggere la ripartizione o il totale.", "Correct the split or the total."),
    )
