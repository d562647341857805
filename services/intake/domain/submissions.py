"""An owner's declaration (R.R. 4/2017, art. 5): its rules one after the other, and which of its parts are missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.intake.domain.columns import column_faults, stock_of
from services.intake.domain.faults import Fault, unconfirmed
from services.intake.domain.forecast import forecast_faults
from services.intake.domain.need import need_faults
from services.intake.domain.parameters import CycleRules
from services.intake.domain.programmes import disposal_faults, programme_faults
from services.intake.domain.quotas import quota_faults
from services.intake.domain.texts import strategy_faults, text_faults
from shared.events import AnnualColumns, HousingNeed, IstatCode, OwnerKind, SubmissionReceived, ThreeYearData
from shared.events.submissions import CycleYear
from shared.problem_texts import Text

OF_STOCK: Final = ("forecast", "programmes", "disposals")
"""Parts that every owner of homes is asked for, and that `nil` leaves nothing to be said in."""
OF_TERRITORY: Final = ("need", "measures", "strategies", "services", "criticalities")
"""Parts that a municipality is asked for, whether or not it has homes."""
UNLESS_LINKED: Final = frozenset({"linked_total", "by_household_size"})
"""What only some municipalities can know of their need: it is not missed."""


class Declaration(ThreeYearData):
    """Dichiarazione annuale: what an owner sends for one municipality and cycle year; `nil` declares no homes."""

    cycle_year: CycleYear
    municipality: IstatCode
    nil: bool = False
    columns: AnnualColumns | None = None


def declaration_faults(
    declaration: Declaration, kind: OwnerKind, rules: CycleRules, inhabitants: int | None = None
) -> Iterator[Fault]:
    """Every broken rule; nothing for a declaration that can be accepted.

    `inhabitants` are the municipality's, where the declaration is its own and they are known.
    """
    confirmed = {said.field for said in declaration.confirmations if said.reason.strip()}
    yield from unconfirmed(_all_faults(declaration, kind, rules, inhabitants), confirmed)


def _all_faults(
    declaration: Declaration, kind: OwnerKind, rules: CycleRules, inhabitants: int | None
) -> Iterator[Fault]:
    columns = declaration.columns
    if declaration.nil != (columns is None):
        yield _nil_or_columns(declaration.nil)
    elif columns is None:
        yield from _nil_faults(declaration)
    else:
        yield from column_faults(columns, rules)
        yield from quota_faults(columns, kind, rules)
        yield from forecast_faults(declaration.forecast or (), columns, declaration.programmes, rules)
        yield from programme_faults(declaration.programmes or (), rules)
        yield from disposal_faults(declaration.disposals or (), kind, stock_of(columns), inhabitants, rules)
    if declaration.need is not None:
        yield from need_faults(declaration.need, kind)
    yield from strategy_faults(declaration.strategies or ())
    yield from text_faults(declaration)


def _nil_or_columns(nil: bool) -> Fault:
    if nil:
        rule = Text("Con «nil» non si inviano colonne.", "With 'nil' no columns are sent.")
        remedy = Text("Togliere «columns», oppure «nil».", "Remove 'columns', or 'nil'.")
    else:
        rule = Text("Mancano le colonne da a a k.", "Columns a to k are missing.")
        remedy = Text(
            'Inviare «columns», oppure "nil": true se non c’è nulla da dichiarare.',
            "Send 'columns', or \"nil\": true if there is nothing to declare.",
        )
    return Fault("V1", "/columns", None, rule, remedy)


def _nil_faults(declaration: Declaration) -> Iterator[Fault]:
    for part in OF_STOCK:
        if getattr(declaration, part):
            rule = Text(f"Con «nil» «{part}» non può contenere righe.", f"With 'nil' '{part}' may have no rows.")
            remedy = Text(f"Togliere «{part}», oppure «nil».", f"Remove '{part}', or 'nil'.")
            yield Fault("V1", f"/{part}", None, rule, remedy)


def says_the_same(one: SubmissionReceived, other: SubmissionReceived) -> bool:
    """Whether two revisions of a row declare the same, whenever they came."""
    return all(getattr(one, name) == getattr(other, name) for name in Declaration.model_fields)


def missing_parts(submission: SubmissionReceived) -> list[str]:
    """What was not answered (`forecast.2028`, `need.barriers`): it makes a submission incomplete, never invalid."""
    wanted = [*(() if submission.nil else OF_STOCK)]
    if submission.owner_kind is OwnerKind.MUNICIPALITY:
        wanted += OF_TERRITORY
    missing = [part for part in wanted if getattr(submission, part) is None]
    if submission.forecast is not None and not submission.nil:
        given = {year.year for year in submission.forecast}
        missing += [f"forecast.{year}" for year in CycleRules.of(submission.cycle_year).years if year not in given]
    if submission.need is not None:
        asked = [name for name in HousingNeed.model_fields if name not in UNLESS_LINKED]
        missing += [f"need.{name}" for name in asked if getattr(submission.need, name) is None]
    return missing
