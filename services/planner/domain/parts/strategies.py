"""Part 5: strategie, obiettivi, alienazioni e valorizzazioni."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from services.planner.domain.declared_years import latest_told
from services.planner.domain.labels import label_it
from services.planner.domain.parts.material import Item, Material, PlanPart
from services.planner.domain.plan import FigureKey, key_of
from services.planner.domain.rehearsal import owner_kind
from services.planner.domain.strategies.directives import directives_on
from services.planner.domain.strategies.disposals import Baseline, Disposal, DisposalBalance, disposal_balances
from shared.events.planning import DisposalKind, Strategy
from shared.events.units import UnitStatus


def strategies_part(material: Material, municipality: str | None) -> PlanPart:
    """Objectives beside what the plan counts now, disposals beside their caps, the regional directives in force."""
    items = [
        *_objectives(material, municipality),
        *_strategies(material, municipality),
        *_disposals(material, municipality),
        *_balances(material, municipality),
    ]
    if municipality is None:
        items += [
            Item("directive", directive.title_it, None, None, (("article", directive.article),), (directive.id,))
            for directive in directives_on(material.directives, material.plan.reference_on)
        ]
    return PlanPart(5, "Strategie, obiettivi e alienazioni", (), (), tuple(items))


def _objectives(material: Material, municipality: str | None) -> Iterator[Item]:
    """What the lead municipality has set, each beside its figure's value now; the figure opens by its identifier."""
    for found in material.plan.commitments:
        objective, key = found.objective, key_of(found.objective.figure)
        if municipality in (None, key.municipality):
            values = (
                ("figure", objective.figure),
                ("label", label_it(key.figure, key.year)),
                ("baseline", objective.baseline),
                ("starts_on", objective.starts_on.isoformat()),
                ("target", objective.target),
                ("due_on", objective.due_on.isoformat()),
                ("expected", found.expected),
                ("actual", found.actual),
                ("missing", found.missing),
                ("status", found.status.value),
                ("reason", objective.reason),
            )
            yield Item("objective", objective.text, key.municipality, objective.owner, values, (objective.cause,))


def _strategies(material: Material, municipality: str | None) -> Iterator[Item]:
    for (place, owner), told in latest_told(material.state).items():
        if municipality in (None, place):
            for strategy in told.strategies or ():
                yield _strategy(material, place, owner, strategy)


def _strategy(material: Material, place: str, owner: str, strategy: Strategy) -> Item:
    """An objective that names a figure of the plan shows what the figure is now: nobody reports progress."""
    actual = None
    if strategy.figure is not None:
        actual = material.plan.figures.get(FigureKey(place, None, strategy.figure, None))
    values = (
        ("figure", strategy.figure),
        ("target", strategy.target),
        ("actual", actual),
        ("deadline_on", strategy.deadline_on.isoformat() if strategy.deadline_on else None),
        ("responsible_office", strategy.responsible_office),
    )
    return Item("strategy", strategy.objective, place, owner, tuple(pair for pair in values if pair[1] is not None))


def _disposals(material: Material, municipality: str | None) -> Iterator[Item]:
    for (place, owner), told in latest_told(material.state).items():
        if municipality not in (None, place):
            continue
        for disposal in told.disposals or ():
            yield Item(
                "disposal",
                f"Programma {disposal.programme_id}, atto {disposal.act_reference}.",
                place,
                owner,
                (
                    ("kind", disposal.kind.value),
                    ("units", disposal.units),
                    ("expected_on", disposal.expected_on.isoformat()),
                    ("expected_proceeds_eur", disposal.expected_proceeds_eur),
                ),
                (disposal.programme_id,),
            )


def _balances(material: Material, municipality: str | None) -> Iterator[Item]:
    """What each owner may still dispose of (L.R. 16/2016, art. 28), and every programme that goes beyond."""
    for balance in balances(material):
        if municipality in (None, balance.municipality):
            values = (
                ("baseline", balance.baseline),
                ("cap", balance.whole.homes),
                ("cap_sold", balance.sold.homes),
                ("used", balance.used),
                ("used_sold", balance.used_sold),
                ("left", balance.left),
            )
            parameters = (balance.whole.parameter, balance.sold.parameter)
            yield Item(
                "disposal_cap", "Limiti di alienazione.", balance.municipality, balance.owner, values, parameters
            )
            for check in balance.checks:
                text = check.told(material.plan.names).it
                yield Item("fault", text, balance.municipality, balance.owner)


def balances(material: Material) -> tuple[DisposalBalance, ...]:
    """The baseline is an assumption, as for transitional services: every home the owner was ever registered with.

    A programme declared for the years ahead is judged by the law of the plan's day.
    """
    homes: dict[tuple[str, str], int] = defaultdict(int)
    for (place, owner, status), count in material.state.stock.items():
        if status is not UnitStatus.IN_CONSTRUCTION:
            homes[owner, place] += count
    baselines = [Baseline(owner, owner_kind(owner), place, count) for (owner, place), count in sorted(homes.items())]
    on = material.plan.reference_on
    disposals = [
        Disposal(
            disposal.programme_id,
            owner,
            owner_kind(owner),
            place,
            on,
            0 if disposal.kind is DisposalKind.VALORISED else disposal.units,
            disposal.units if disposal.kind is DisposalKind.VALORISED else 0,
        )
        for (place, owner), told in latest_told(material.state).items()
        for disposal in told.disposals or ()
    ]
    return disposal_balances(disposals, baselines, material.inhabitants, lambda _: material.rules, on)
