"""Measures the bands of the plan itself on the simulated worlds, and writes docs/forecast-measured-plan.json.

    python -m tests.support.plan_quality [worlds for each setting]

Nothing of it is a test. The plan's bands are those of a count of a mean and a variance (`outlook.py`, `katz.py`); here
the same moments give the whole distribution, and each band is compared with the one that the plan shows.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import Any, NamedTuple

from services.planner.domain.forecast import Triennium, supply_of
from services.planner.domain.supply.counts import BAND, Distribution, normalised
from services.planner.domain.supply.katz import NEGLIGIBLE_IN_A_BAND, significant, weights_from
from services.planner.domain.supply.offer import Offer, Origin, Supply
from services.planner.domain.supply.outlook import Outlook, outlooks_of, owners_variance, poisson_mixture_variance
from services.planner.domain.supply.schedule import Medians, whole_variance
from services.planner.domain.supply.scoring import Outcome, outcome, score
from services.planner.domain.supply.turnover import Expectation, Window
from services.planner.forecasting.backtest import capital_of
from services.planner.forecasting.event_file import FileEvent, Kind, planned_works, read_events
from tests.support.forecast_quality import DOCS
from tests.support.housing_worlds import Setting, World
from tests.support.plan_worlds import state_before

PERIODS = ("year 1", "year 2", "year 3", "triennium")
EDGE = 1e-5
MADE_READY = (Kind.UNIT_ASSIGNABLE, Kind.REFURB_COMPLETED)
Group = tuple[str, str, str]
"""(what, whose, period)."""
Scope = tuple[str | None, str | None]


class Moments(NamedTuple):
    """Of a count above `floor`, which is certain; never more than `cap`."""

    mean: int
    variance: float
    floor: int = 0
    cap: int | None = None

    def distribution(self) -> Distribution:
        """As `katz.near_band` has it: by moments rounded to three digits."""
        mean, variance = significant(self.mean) / 1000, significant(int(1000 * self.variance + 0.5)) / 1000
        if mean <= 0:
            return normalised(0, [1.0])
        if variance >= mean:
            first, masses = weights_from(mean * mean / variance, 1 - mean / variance, NEGLIGIBLE_IN_A_BAND)
        else:
            trials = max(-int(-mean // 1), int(mean * mean / (mean - variance) + 0.5))
            if trials <= mean:
                return normalised(trials, [1.0])
            odds = mean / (trials - mean)
            first, masses = weights_from(trials * odds, -odds, NEGLIGIBLE_IN_A_BAND)
        found = normalised(first, masses)
        return found if self.cap is None else found.at_most(self.cap)


def judge(setting: Setting, seed: int) -> dict[Group, list[Outcome]]:
    """One world: what the plan says on its origin of the three years that follow, and what came."""
    world = World(seed, setting)
    file = read_events(world.lines())
    triennium = Triennium(world.origin.year)
    state = state_before(file.events, world.origin)
    supply = supply_of(state, triennium, world.origin)
    outlooks, capital = outlooks_of(supply), capital_of(file.events)
    windows = (*triennium.windows(world.origin), Window(world.origin, date(world.origin.year + 3, 1, 1)))
    came = what_came(file.events, windows, world.origin)
    found: dict[Group, list[Outcome]] = defaultdict(list)
    for scope, (offers, exits) in scopes_of(supply).items():
        for window, period in enumerate(PERIODS):
            for what, moments in moments_of(offers, exits, window, supply.medians).items():
                count = moments.distribution()
                agree(count, moments, outlooks[scope], what, window)
                found[what, group_of(scope, capital), period].append(outcome(count, came[what, window][scope]))
    return found


def scopes_of(supply: Supply) -> dict[Scope, tuple[Sequence[Offer], Sequence[Expectation]]]:
    """What the plan has a band of: the holdings in it, and their exits together."""
    towns: dict[str, list[Offer]] = defaultdict(list)
    found: dict[Scope, tuple[Sequence[Offer], Sequence[Expectation]]] = {}
    for (municipality, owner), offer in supply.offers.items():
        towns[municipality].append(offer)
        found[municipality, owner] = [offer], offer.exits
    for municipality, offers in towns.items():
        found[municipality, None] = offers, supply.turnover.municipalities.get(municipality, offers[0].exits)
    return found | {(None, None): (list(supply.offers.values()), supply.turnover.ambito)}


def group_of(scope: Scope, capital: str | None) -> str:
    municipality, owner = scope
    if municipality is None:
        return "ambito"
    if owner is not None:
        return "holdings"
    return "capital" if municipality == capital else "villages"


def moments_of(
    offers: Sequence[Offer], exits: Sequence[Expectation], window: int, medians: Medians
) -> dict[str, Moments]:
    """As `outlook.outlook` has them; homes free already are certain."""
    by_owner: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_owner[offer.owner].append(offer)
    expected = exits[window]
    spread = poisson_mixture_variance(expected.mean / 1000, expected.relative_variance)
    free = sum(offer.means[Origin.FREE][window] for offer in offers)
    done = [offer.done[window] for offer in offers if offer.done]
    variance = owners_variance(list(by_owner.values()), window, expected.relative_variance)
    return {
        "turnover": Moments(expected.mean, spread, cap=expected.cap),
        "assignable": Moments(
            sum(offer.total[window] for offer in offers) - free, variance + whole_variance(done, medians), free // 1000
        ),
    }


def agree(count: Distribution, moments: Moments, outlook: Outlook, what: str, window: int) -> None:
    """The distribution judged here is that of the band shown, but for a level that falls on the edge of a count."""
    shown = (outlook.turnover if what == "turnover" else outlook.assignable)[window]
    least = [moments.floor + end for end in count.quantiles([level - EDGE for level in BAND])]
    most = [moments.floor + end for end in count.quantiles([level + EDGE for level in BAND])]
    assert least[0] <= shown.low <= most[0], (what, window, moments, shown)
    assert least[1] <= shown.high <= most[1], (what, window, moments, shown)


def what_came(
    events: Iterable[FileEvent], windows: Sequence[Window], on: date
) -> dict[tuple[str, int], Counter[Scope]]:
    """Exits, and homes made assignable, of works that were known: those not planned yet are no municipality's."""
    found: dict[tuple[str, int], Counter[Scope]] = defaultdict(Counter)
    known = {planned_works(e.ref).project: e for e in events if e.kind is Kind.WORKS_PLANNED and e.on < on}
    for event in events:
        if event.on < on:
            continue
        if event.kind is Kind.UNIT_VACATED:
            what = "turnover"
        elif event.kind in MADE_READY or (event.kind is Kind.WORKS_COMPLETED and event.ref in known):
            what = "assignable"
        else:
            continue
        for window, (begins_on, ends_on) in enumerate(windows):
            if begins_on <= event.on < ends_on:
                scopes: tuple[Scope, ...] = (
                    (event.municipality, event.owner),
                    (event.municipality, None),
                    (None, None),
                )
                found[what, window].update(scopes)
    return found


def summary(worlds: Iterable[dict[Group, list[Outcome]]]) -> dict[str, Any]:
    every: dict[Group, list[Outcome]] = defaultdict(list)
    for world in worlds:
        for group, outcomes in world.items():
            every[group] += outcomes
    found: dict[str, Any] = {}
    for (what, whose, period), outcomes in sorted(every.items()):
        held = score(outcomes)
        row = {"coverage": held.coverage, "wide_coverage": held.wide_coverage, "bias": held.bias, "loss": held.loss}
        found.setdefault(what, {}).setdefault(whose, {})[period] = row | {"width_share": held.width_share}
    return found


def _judge(task: tuple[Setting, int]) -> dict[Group, list[Outcome]]:
    return dict(judge(*task))


def main(count: int) -> None:
    rows: dict[str, Any] = {}
    every: list[dict[Group, list[Outcome]]] = []
    with ProcessPoolExecutor(2) as pool:
        for setting in Setting:
            worlds = list(pool.map(_judge, [(setting, seed) for seed in range(count)], chunksize=4))
            rows[setting.value] = summary(worlds)
            every += worlds
            told = rows[setting.value]["assignable"]["ambito"]["triennium"]
            sys.stderr.write(f"{setting.value}: {told['coverage']:.3f}\n")
    rows["all"] = summary(every)
    (DOCS / "forecast-measured-plan.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
