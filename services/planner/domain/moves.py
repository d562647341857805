"""What moved between two plans: the published figures that differ, by municipality, with their causes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from services.planner.domain.labels import EVERY_LABEL, label_it
from services.planner.domain.needs import NeedSheet
from services.planner.domain.plan import FORECAST, NOTHING, FigureKey, Plan
from services.planner.domain.publication import OF_CASES, is_of_households
from services.planner.domain.rounding import tenths
from services.planner.domain.sheets import COUNTED, EMPTY_SHEET, Sheet
from services.planner.domain.supply.outlook import Estimate, Outlook, Scope
from shared.events.decisions import DayBegan
from shared.events.plans import Audience, Cause, FigureChange, Measure, MunicipalityChange

CAUSES_LIMIT, FIGURES_LIMIT = 10, 40
Told = TypeVar("Told", Cause, FigureChange)


class Move(NamedTuple):
    """A figure before and after; None is "not there"."""

    key: FigureKey
    old: int | None
    new: int | None


def changes(before: Plan | None, after: Plan, causes: Sequence[Cause]) -> tuple[MunicipalityChange, ...]:
    """The published figures that moved, by municipality; a figure that appears or disappears as zero did not move.

    Causes are those of the batch that touch the municipality, or the whole batch when none does (the forecast pools
    the ambito). Of both only the first are told, with their count, to keep the event small; all owners together come
    first. What not everybody may be told takes no place there, and does not count, so that it leaves no gap.
    """
    moved: dict[str, list[FigureChange]] = defaultdict(list)
    for key, old, new in sorted(moves(before, after), key=lambda move: place_in_report(move.key)):
        assert key.municipality is not None
        moved[key.municipality].append(
            FigureChange(
                figure=key.figure,
                label_it=label_it(key.figure, key.year),
                owner=key.owner,
                year=key.year,
                measure=key.measure,
                before=None if before is None else old,
                after=new,
                audience=Audience.MUNICIPALITY if is_of_households(key.figure) else Audience.EVERYBODY,
                is_pooled=is_of_households(key.figure) and key.figure not in OF_CASES,
            )
        )
    return tuple(
        MunicipalityChange(
            municipality=municipality,
            name=after.names.get(municipality, municipality),
            figures=tuple(_first(figures, FIGURES_LIMIT)),
            causes=tuple(_first(cited := causes_of(municipality, causes), CAUSES_LIMIT)),
            figure_count=len(figures),
            cause_count=len(cited) - _left_out(cited),
        )
        for municipality, figures in moved.items()
    )


def moves(before: Plan | None, after: Plan) -> Iterator[Move]:
    """The figures of municipalities whose published value differs; what both plans share is not looked into."""
    sheets, outlooks, actions = (
        (before.sheets, before.outlooks, before.actions_by_municipality) if before else ({},) * 3
    )
    for municipality in sheets.keys() | after.sheets.keys():
        was, now = sheets.get(municipality, EMPTY_SHEET), after.sheets.get(municipality, EMPTY_SHEET)
        if was is not now:
            yield from moved_counts(municipality, was, now)
    for municipality in actions.keys() | after.actions_by_municipality.keys():
        old, new = actions.get(municipality, 0), after.actions_by_municipality.get(municipality, 0)
        if old != new:
            yield Move(FigureKey(municipality, None, "emergency_actions", None), old, new)
    for scope in outlooks.keys() | after.outlooks.keys():
        old_outlook, outlook = outlooks.get(scope), after.outlooks.get(scope)
        if scope[0] is not None and old_outlook is not outlook:
            yield from moved_estimates(scope, after.years, old_outlook, outlook)
    was_needed = before.needs if before else {}
    if was_needed is not after.needs:
        for place in (was_needed.keys() | after.needs.keys()) - {None}:
            yield from moved_need(place, was_needed.get(place, {}), after.needs.get(place, {}))
    if before is not None and before.adopted is not after.adopted:
        yield from moved_adopted(before, after)


def moved_adopted(before: Plan, after: Plan) -> Iterator[Move]:
    """Where a declaration or a choice changed; where the model is adopted, its own figures tell."""
    for municipality, owner, year, quantity in {key for key, _ in before.adopted.items() ^ after.adopted.items()}:
        key = FigureKey(municipality, owner, f"adopted_{quantity.lower()}", year)
        old, new = before.figures.get(key), after.figures.get(key)
        if old is None or new is None or tenths(old) != tenths(new):
            yield Move(key, old, new)


def moved_need(municipality: str | None, was: NeedSheet, now: NeedSheet) -> Iterator[Move]:
    """Households by one, thousandths by a tenth."""
    for figure in was.keys() | now.keys():
        key = FigureKey(municipality, None, figure, None)
        old, new = was.get(figure), now.get(figure)
        seen = [tenths(value) if value and key.measure is Measure.THOUSANDTHS else value for value in (old, new)]
        if seen[0] != seen[1]:
            yield Move(key, old, new)


def moved_counts(municipality: str, was: Sheet, now: Sheet) -> Iterator[Move]:
    for owner, figure, year in {key for key, _ in was.counts.items() ^ now.counts.items()}:
        absent = 0 if owner is None and figure in COUNTED else None
        old, new = (sheet.counts.get((owner, figure, year), absent) for sheet in (was, now))
        if old or new:
            yield Move(FigureKey(municipality, owner, figure, year), old, new)


def moved_estimates(
    scope: Scope, years: tuple[int | None, ...], was: Outlook | None, now: Outlook | None
) -> Iterator[Move]:
    """Means move by a tenth of a home, bands by a home; an owner's outlook that is not there has no figures."""
    municipality, owner = scope
    had, has = (outlook is not None or owner is None for outlook in (was, now))
    for what, olds, news in zip(FORECAST, was or NOTHING, now or NOTHING, strict=True):
        for year, old, new in zip(years, olds, news, strict=True):
            for part, before, after in zip(Estimate._fields, old, new, strict=True):
                if before != after and (part != "mean" or tenths(before) != tenths(after)):
                    yield Move(
                        FigureKey(municipality, owner, f"{what}_{part}", year),
                        before if had else None,
                        after if has else None,
                    )


FIGURE_ORDER = {figure: place for place, figure in enumerate(EVERY_LABEL)}


def place_in_report(key: FigureKey) -> tuple[str, str, int, int]:
    """All owners before each, and figures in the order of their labels."""
    return key.municipality or "", key.owner or "", FIGURE_ORDER[key.figure], key.year or 9999


def causes_of(municipality: str, causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """The last day that began touches every municipality. What everybody may be told does not follow from the rest."""
    days = [cause for cause in causes if cause.kind == DayBegan.name()]
    facts = [cause for cause in causes if cause.kind != DayBegan.name()]
    public = [cause for cause in facts if cause.audience is Audience.EVERYBODY]
    others = [cause for cause in facts if cause.audience is not Audience.EVERYBODY]
    own, own_others = ([one for one in found if one.municipality == municipality] for found in (public, others))
    told = own or public
    return (*days[-1:], *told, *(own_others if told or own_others else others))


def _first(found: Iterable[Told], limit: int) -> Iterator[Told]:
    """So many for each audience."""
    seen: Counter[Audience] = Counter()
    for one in found:
        seen[one.audience] += 1
        if seen[one.audience] <= limit:
            yield one


def _left_out(causes: Sequence[Cause]) -> int:
    """Causes for some only that are not listed: nobody could tell them from the others."""
    return max(sum(cause.audience is not Audience.EVERYBODY for cause in causes) - CAUSES_LIMIT, 0)
