"""Programmi di alienazione e valorizzazione (L.R. 16/2016, art. 28): what each owner may still take out of its stock.

The caps are shares of the homes owned when L.R. 16/2016 entered into force (the baseline), cumulative over programmes
and years. A municipality of few inhabitants has larger ones on its own homes, in derogation of both the whole and the
part that may be sold (art. 28 c. 2 bis); ALER and other owners never. A programme is judged by the law and the
inhabitants of the day it was approved: what was lawful then stays so when a municipality outgrows its band.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.planner.domain.checks.faults import Check, RowKey, Severity, counted, percent
from services.planner.domain.formulas import Formula
from services.planner.domain.quotas import units_up_to
from services.planner.domain.rules import DisposalRules, Rules
from shared.events.units import OwnerKind
from shared.problem_texts import Text

Inhabitants = Mapping[str, Mapping[int, int]]
"""Residents by municipality and year."""
FORMULAS = {
    "disposal_left": Formula(
        "disposal_left",
        "Alloggi ancora alienabili o valorizzabili: quota del patrimonio di partenza, per difetto, meno gli usati.",
        "L.R. 16/2016, art. 28 c. 2, c. 2 bis",
        ("disposal_total_share", "disposal_village_share", "disposal_town_share"),
    ),
    "disposal_left_to_sell": Formula(
        "disposal_left_to_sell",
        "Alloggi ancora alienabili: la parte della quota che si può vendere, per difetto, meno quelli già alienati.",
        "L.R. 16/2016, art. 28 c. 2, c. 2 bis",
        ("disposal_sold_share", "disposal_village_share", "disposal_town_share"),
    ),
}
"""How `DisposalBalance.left` and `left_to_sell` are made; the caps name the one parameter each has used."""


class Disposal(NamedTuple):
    """Programma di alienazione o valorizzazione di un ente in un comune, `sold` includes those bartered."""

    programme: str
    owner: str
    kind: OwnerKind
    municipality: str
    approved_on: date
    sold: int
    valorised: int


class Baseline(NamedTuple):
    """Unità di proprietà all'entrata in vigore della legge (L.R. 16/2016, art. 28 c. 2)."""

    owner: str
    kind: OwnerKind
    municipality: str
    homes: int


class Cap(NamedTuple):
    """Limite di alienazione e valorizzazione: the share, the parameter it comes from, and the homes it gives."""

    share: Decimal
    parameter: str
    homes: int


class DisposalBalance(NamedTuple):
    """Limiti, usato e residuo di un ente: `municipality` is None for an owner whose homes the law counts together.

    `inhabitants` are those that decided the band, None where no band applies. `left` is never negative: what exceeds
    is told by `checks`.
    """

    owner: str
    municipality: str | None
    baseline: int
    inhabitants: int | None
    whole: Cap
    sold: Cap
    used: int
    used_sold: int
    checks: tuple[Check, ...]

    @property
    def left(self) -> int:
        """Homes that may still be sold or valorised."""
        return max(self.whole.homes - self.used, 0)

    @property
    def left_to_sell(self) -> int:
        return max(min(self.sold.homes - self.used_sold, self.left), 0)


def disposal_balances(
    disposals: Iterable[Disposal],
    baselines: Iterable[Baseline],
    inhabitants: Inhabitants,
    rules_on: Callable[[date], Rules],
    on: date,
) -> tuple[DisposalBalance, ...]:
    """Cap, used and left of every owner by municipality as of `on`, with V13 for each programme that went beyond.

    A municipality's own homes have a balance where it owns them; every other owner has one for each municipality, as
    information, and one for all together, which is the one the law caps. Without a baseline nothing may be disposed of.
    """
    groups: dict[tuple[str, str | None], list[Disposal]] = defaultdict(list)
    homes: dict[tuple[str, str | None], int] = defaultdict(int)
    kinds: dict[str, OwnerKind] = {}
    for baseline in baselines:
        kinds[baseline.owner] = baseline.kind
        for municipality in _scopes(baseline.kind, baseline.municipality):
            homes[baseline.owner, municipality] += baseline.homes
    for disposal in disposals:
        if disposal.approved_on <= on:
            kinds.setdefault(disposal.owner, disposal.kind)
            for municipality in _scopes(disposal.kind, disposal.municipality):
                groups[disposal.owner, municipality].append(disposal)
    day = _Day(inhabitants, rules_on, on)
    return tuple(
        _balance(key, kinds[key[0]], homes[key], sorted(groups[key], key=lambda d: (d.approved_on, d.programme)), day)
        for key in sorted(homes.keys() | groups.keys(), key=lambda key: (key[0], key[1] or ""))
    )


def _scopes(kind: OwnerKind, municipality: str) -> tuple[str | None, ...]:
    return (municipality,) if kind is OwnerKind.MUNICIPALITY else (municipality, None)


class _Day(NamedTuple):
    """What the caps of a day follow from."""

    inhabitants: Inhabitants
    rules_on: Callable[[date], Rules]
    on: date


def _balance(
    key: tuple[str, str | None], kind: OwnerKind, baseline: int, programmes: Sequence[Disposal], day: _Day
) -> DisposalBalance:
    (owner, municipality), (inhabitants, rules_on, on) = key, day
    people = inhabitants.get(municipality, {}) if kind is OwnerKind.MUNICIPALITY and municipality else {}
    is_capped = kind is OwnerKind.MUNICIPALITY or municipality is None
    used = used_sold = 0
    checks: list[Check] = []
    for programme in programmes:
        used += programme.sold + programme.valorised
        used_sold += programme.sold
        if is_capped:
            rules = rules_on(programme.approved_on)
            whole, sold = caps(baseline, residents(people, programme.approved_on), rules.disposal)
            row = RowKey(owner, municipality, programme.approved_on.year)
            checks += _beyond(row, programme.programme, (used, used_sold), (whole, sold), baseline, rules)
    whole, sold = caps(baseline, residents(people, on), rules_on(on).disposal)
    return DisposalBalance(
        owner, municipality, baseline, residents(people, on), whole, sold, used, used_sold, tuple(checks)
    )


def residents(by_year: Mapping[int, int], on: date) -> int | None:
    """Residents of the latest year known by then, or else of the first one known; None when nothing is known."""
    if not by_year:
        return None
    return by_year[max((year for year in by_year if year <= on.year), default=min(by_year))]


def caps(baseline: int, inhabitants: int | None, rules: DisposalRules) -> tuple[Cap, Cap]:
    """(in all, of it sold), rounded down, without inhabitants the general ones (L.R. 16/2016, art. 28 c. 2, 2 bis)."""
    band = None
    if inhabitants is not None and rules.village_share is not None and inhabitants <= rules.village_max_inhabitants:
        band = rules.village_share, "disposal_village_share"
    elif inhabitants is not None and rules.town_share is not None and inhabitants <= rules.town_max_inhabitants:
        band = rules.town_share, "disposal_town_share"
    whole = band or (rules.total_share, "disposal_total_share")
    sold = band or (rules.sold_share, "disposal_sold_share")
    return (
        Cap(*whole, units_up_to(baseline, whole[0])),
        Cap(*sold, units_up_to(baseline, sold[0])),
    )


def _beyond(
    row: RowKey,
    programme: str,
    used: tuple[int, int],
    limits: tuple[Cap, Cap],
    baseline: int,
    rules: Rules,
) -> Iterator[Check]:
    """V13: with this programme the homes disposed of, in all or sold, are more than the cap of its day."""
    names = (
        ("disposal.homes", Text("alienati o valorizzati", "sold or valorised")),
        ("disposal.sold", Text("alienati", "sold")),
    )
    for count, cap, (column, name) in zip(used, limits, names, strict=True):
        if count > cap.homes:
            article = rules.sources[cap.parameter].article
            share, stock = percent(cap.share), counted(baseline)
            yield Check(
                "V13",
                Severity.VALIDITY,
                row,
                column,
                str(count),
                Text(
                    f"Con il programma {programme} gli alloggi {name.it} sono {count} in tutto: il limite è "
                    f"{cap.homes}, il {share} di {stock.it} ({article}).",
                    f"With the programme {programme} the homes {name.en} are {count} in all: the limit is "
                    f"{cap.homes}, {share} of {stock.en} ({article}).",
                ),
                Text(
                    f"Togliere almeno {counted(count - cap.homes).it} dal programma.",
                    f"Take at least {counted(count - cap.homes).en} out of the programme.",
                ),
                (cap.parameter,),
            )
