"""Rules V6 to V9: the shares of the year's homes kept for some households, and the homes they come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from services.intake.domain.cases import personal_data_faults
from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules, Dated
from shared.events import AnnualColumns, OwnerKind
from shared.problem_texts import Text

NOTHING = Decimal(0)
LOCAL_POLICE = "LOCAL_POLICE"


@dataclass(frozen=True, slots=True)
class Quotas:
    """Quote degli alloggi dell'anno (R.R. 4/2017, art. 4 c. 3, art. 13), in homes of column g.

    "At least" rounds up, "up to" rounds down. A share that was not declared is the least one for indigent households,
    and none for the others.
    """

    indigence_units: int
    forces_units: int
    local_police_units: int
    extra_category_units: int


def quotas_of(columns: AnnualColumns, rules: CycleRules) -> Quotas:
    units = columns.assignable_total
    least = rules.indigence_share.value
    return Quotas(
        _rounded((columns.indigence_share if columns.indigence_share is not None else least) * units, ROUND_CEILING),
        _rounded((columns.forces_share or NOTHING) * units, ROUND_FLOOR),
        _rounded((columns.local_police_share or NOTHING) * units, ROUND_FLOOR),
        _rounded((columns.extra_category_share or NOTHING) * units, ROUND_FLOOR),
    )


def quota_faults(columns: AnnualColumns, kind: OwnerKind, rules: CycleRules) -> Iterator[Fault]:
    yield from _indigence_faults(columns, kind, rules)
    yield from _forces_faults(columns, rules)
    yield from _extra_category_faults(columns, rules)
    yield from _sum_faults(columns, rules)


def _indigence_faults(columns: AnnualColumns, kind: OwnerKind, rules: CycleRules) -> Iterator[Fault]:
    share, least = columns.indigence_share, rules.indigence_share
    if share is None or share == least.value or (share > least.value and kind is OwnerKind.MUNICIPALITY):
        return
    if share < least.value:
        rule = Text(
            f"La quota per nuclei indigenti non può essere inferiore al {least.value:.0%} ({least.article}).",
            f"The share for indigent households may not be below {least.value:.0%} ({least.article}).",
        )
    else:
        rule = Text(
            f"Solo i Comuni possono superare la quota del {least.value:.0%} ({least.article}).",
            f"Only municipalities may go above the share of {least.value:.0%} ({least.article}).",
        )
    remedy = Text(f"Indicare {least.value}.", f"Give {least.value}.")
    yield Fault("V6", "/columns/indigence_share", str(share), rule, remedy)


def _forces_faults(columns: AnnualColumns, rules: CycleRules) -> Iterator[Fault]:
    forces, police = columns.forces_share or NOTHING, columns.local_police_share or NOTHING
    categories = rules.forces_categories
    if police and LOCAL_POLICE not in categories.value:
        what = Text("la polizia locale", "the local police")
        yield _without_quota("V7", "/columns/local_police_share", police, what, categories.article, rules)
        police = NOTHING
    what = Text(
        "le Forze di polizia e i Vigili del fuoco" + (", con la polizia locale," if police else ""),
        "police and fire brigade" + (", with the local police," if police else ""),
    )
    yield from _ceiling_faults("V7", "/columns/forces_share", forces + police, what, rules.forces_share, rules)


def _extra_category_faults(columns: AnnualColumns, rules: CycleRules) -> Iterator[Fault]:
    share = columns.extra_category_share or NOTHING
    what = Text("le categorie scelte dall’ente", "the categories an owner chooses")
    yield from _ceiling_faults("V8", "/columns/extra_category_share", share, what, rules.owner_categories_share, rules)
    if share and not (columns.extra_category_reason or "").strip():
        yield Fault(
            "V9",
            "/columns/extra_category_reason",
            None,
            Text("Una categoria aggiuntiva va motivata.", "An extra category needs a reason."),
            Text("Scrivere la motivazione.", "Write the reason."),
        )
    yield from personal_data_faults("/columns/extra_category_reason", columns.extra_category_reason)


def _ceiling_faults(
    code: str, field: str, share: Decimal, what: Text, most: Dated[Decimal | None], rules: CycleRules
) -> Iterator[Fault]:
    if not share:
        return
    if most.value is None:
        yield _without_quota(code, field, share, what, most.article, rules)
    elif share > most.value:
        rule = Text(
            f"La quota per {what.it} può arrivare al {most.value:.0%} ({most.article}).",
            f"The share for {what.en} may be up to {most.value:.0%} ({most.article}).",
        )
        remedy = Text(f"Indicare al massimo {most.value}.", f"Give {most.value} at most.")
        yield Fault(code, field, str(share), rule, remedy)


def _without_quota(code: str, field: str, share: Decimal, what: Text, article: str, rules: CycleRules) -> Fault:
    on = rules.deadline_on
    rule = Text(
        f"Al {on:%d/%m/%Y} le norme non prevedono una quota per {what.it} ({article}).",
        f"On {on} the law has no share for {what.en} ({article}).",
    )
    return Fault(code, field, str(share), rule, Text("Togliere la quota.", "Leave the share out."))


def _sum_faults(columns: AnnualColumns, rules: CycleRules) -> Iterator[Fault]:
    indigence = columns.indigence_share if columns.indigence_share is not None else rules.indigence_share.value
    others = (columns.forces_share, columns.local_police_share, columns.extra_category_share)
    total = indigence + sum((share or NOTHING for share in others), NOTHING)
    if total > 1:
        yield Fault(
            "quotas-sum",
            "/columns/indigence_share",
            str(columns.indigence_share),
            Text(
                f"Le quote insieme sono il {total:.2%} degli alloggi: più di quanti ce ne sono.",
                f"The shares together are {total:.2%} of the homes: more than there are.",
            ),
            Text("Ridurre una delle quote.", "Reduce one of the shares."),
        )


def _rounded(units: Decimal, rounding: str) -> int:
    return int(units.to_integral_value(rounding))
