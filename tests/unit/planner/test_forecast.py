"""Windows, coherence and hand-calculated forecasts; bands against an exact oracle in rational arithmetic."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.forecast import (
    PRIOR_ASSIGNABLE,
    PRIOR_EXITS,
    PRIOR_HOME_DAYS,
    PRIOR_NEEDING_WORKS,
    Rate,
    Triennium,
    assignable_shares,
    exit_rate,
    forecast,
)
from services.planner.domain.negative_binomial import band
from services.planner.domain.rounding import half_up, tenths
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import CASTELVERDE, CREMONA, START, TestRegistry, empty, folded

FREE, LET, ROUGH = UnitStatus.FREE_ASSIGNABLE, UnitStatus.OCCUPIED, UnitStatus.FREE_STATE_OF_FACT
TRIENNIUM = Triennium(2026)
ZERO = (0, 0, 0)


def exact_band(shape: int, mean: Fraction) -> tuple[int, int]:
    """Negative binomial deciles from the exact mass function, summed from zero."""
    ratio = mean / (shape + mean)
    mass = cumulative = (1 - ratio) ** shape
    quantiles, count = [], 0
    for level in (Fraction(1, 10), Fraction(9, 10)):
        while cumulative < level:
            mass = mass * ratio * (shape + count) / (count + 1)
            cumulative += mass
            count += 1
        quantiles.append(count)
    return quantiles[0], quantiles[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(0, 60_000))
def test_bands_are_the_exact_deciles(shape: int, thousandths: int) -> None:
    assert band(shape, thousandths / 1000) == exact_band(shape, Fraction(thousandths, 1000))


def test_bands_of_a_whole_region_do_not_underflow() -> None:
    # Poisson of mean 10,000 has sd 100; with a shape of a million the rate adds 10: 1.2816 x 100.5 = 129 either side.
    assert band(1_000_000, 10_000.0) == pytest.approx((9_871, 10_129), abs=1)


def test_the_prior_is_three_and_a_half_percent_with_a_band_of_two_to_five() -> None:
    assert pytest.approx(0.035, abs=1e-6) == PRIOR_EXITS / PRIOR_HOME_DAYS * 365.25
    # Gamma(9): the 10 % and 90 % points are half those of chi-square with 18 degrees, 10.865 and 25.989 (tables).
    low, high = (chi_square / 2 / PRIOR_HOME_DAYS * 365.25 for chi_square in (10.865, 25.989))
    assert (round(low, 3), round(high, 3)) == (0.021, 0.051)
    assert PRIOR_NEEDING_WORKS / (PRIOR_NEEDING_WORKS + PRIOR_ASSIGNABLE) == 0.6


@pytest.mark.parametrize(
    ("reference_on", "days"),
    [
        (date(2025, 12, 1), (396, 365, 366)),
        (date(2026, 1, 1), (365, 365, 366)),
        (date(2026, 12, 31), (1, 365, 366)),
        (date(2027, 7, 1), (0, 184, 366)),
        (date(2029, 1, 1), (0, 0, 0)),
        (date(2031, 5, 5), (0, 0, 0)),
    ],
)
def test_windows_hold_what_lies_ahead(reference_on: date, days: tuple[int, ...]) -> None:
    assert tuple(window.days for window in TRIENNIUM.windows(reference_on)) == days


def let(count: int, municipality: str = CREMONA, owner: str = "aler", prefix: str = "U") -> TestRegistry:
    registry = TestRegistry()
    for number in range(count):
        registry.register(f"{prefix}{number}", LET, START, municipality=municipality, owner=owner)
    return registry


def test_without_history_the_prior_speaks() -> None:
    outlook = forecast(folded(let(100).sent), TRIENNIUM, START)[None, None]
    # 100 homes x 365 days x 9 / 93,921 = 3.4977; the leap year 366 days: 3.5072; of those 0.4 assignable: 1.3991.
    assert [estimate.mean for estimate in outlook.turnover] == [3498, 3498, 3507, 10503]
    assert [estimate.mean for estimate in outlook.assignable] == [1399, 1399, 1403, 4201]
    assert outlook.turnover[0][1:] == exact_band(9, Fraction(9 * 36_500, 93_921))


def test_history_moves_the_rate_by_exits_and_home_days() -> None:
    registry = let(10)
    registry.report("U0", "unit-vacated", FREE, START + timedelta(days=100))
    registry.report("U1", "unit-vacated", ROUGH, START + timedelta(days=50))
    state = folded(registry.sent)
    # 8 homes x 100 days + 100 + 50; one of two exits came back assignable.
    assert exit_rate(state, START + timedelta(days=100)) == Rate(9 + 2, 93_921 + 950)
    assert assignable_shares(state) == {"aler": (16 + 1, 24 + 1)}


def test_a_home_waiting_for_its_inspection_has_no_outcome_yet_and_is_no_supply() -> None:
    registry = let(2)
    registry.report("U0", "unit-vacated", ROUGH, START, pending=True)
    state = folded(registry.sent)
    assert assignable_shares(state) == {"aler": (16, 24)}
    # One home left, ten exits: 365 x 10 / 93,921 x 0.4 = 0.01554.
    assert forecast(state, TRIENNIUM, START)[None, None].assignable[0] == (16, 0, 0)
    registry.report("U0", "unit-inspected", FREE, START)
    assert assignable_shares(folded(registry.sent)) == {"aler": (17, 24)}


def test_certain_supply_counts_each_home_once_in_its_year() -> None:
    registry = TestRegistry()
    registry.register("free", FREE)
    registry.register("as-is", ROUGH)
    registry.register("as-is-with-works", ROUGH, works_end_on=date(2027, 3, 1))
    registry.register("works", UnitStatus.IN_WORKS, works_end_on=date(2026, 12, 31))
    registry.register("new", UnitStatus.IN_CONSTRUCTION, works_end_on=date(2028, 12, 31))
    registry.register("too-late", UnitStatus.IN_WORKS, works_end_on=date(2029, 1, 1))
    registry.register("overdue", UnitStatus.IN_WORKS, works_end_on=date(2025, 12, 31))
    for status in (UnitStatus.IN_NOTICE, UnitStatus.RESERVED_SAT, UnitStatus.VALORISED, UnitStatus.UNINHABITABLE):
        registry.register(status.value, status)
    outlook = forecast(folded(registry.sent), TRIENNIUM, START)[CREMONA, "aler"]
    # 2026: "free" and "works"; 2027: "as-is-with-works"; 2028: "new"; "as-is" alone is no supply.
    assert outlook.assignable == ((2000, 2, 2), (1000, 1, 1), (1000, 1, 1), (4000, 4, 4))
    assert outlook.turnover == (ZERO,) * 4


def test_what_is_free_belongs_to_the_first_year_still_ahead() -> None:
    registry = TestRegistry()
    registry.register("free", FREE)
    state = folded(registry.sent)
    assert forecast(state, TRIENNIUM, date(2027, 2, 1))[None, None].assignable[1].mean == 1000
    assert forecast(state, TRIENNIUM, date(2029, 1, 1))[None, None].assignable == (ZERO,) * 4


def test_no_stock_is_exactly_nothing() -> None:
    assert forecast(empty(), TRIENNIUM, START) == {(None, None): ((ZERO,) * 4, (ZERO,) * 4)}


def test_without_exits_the_mean_falls_with_exposure_and_stays_above_nothing() -> None:
    state = folded(let(50).sent)
    triennia = [Triennium(year) for year in (2026, 2036, 2046)]
    means = [forecast(state, t, date(t.first_year, 1, 1))[None, None].turnover[0].mean for t in triennia]
    assert means == sorted(means, reverse=True)
    assert means[-1] > 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([CREMONA, CASTELVERDE]), st.sampled_from(["aler", "comune"]), st.integers(0, 40))
    ),
    st.integers(0, 1100),
)
def test_means_add_up_and_bands_are_ordered(blocks: list[tuple[str, str, int]], day: int) -> None:
    state = empty()
    for municipality, owner, count in blocks:
        state.add_stock((municipality, owner, LET), count)
        state.add_stock((municipality, owner, FREE), count // 7)
    outlooks = forecast(state, TRIENNIUM, START + timedelta(days=day))
    for what in (0, 1):
        for place in range(4):
            cells = {scope: outlook[what][place] for scope, outlook in outlooks.items()}
            for municipality in {scope[0] for scope in cells if scope[0]}:
                parts = sum(cell.mean for (m, owner), cell in cells.items() if m == municipality and owner)
                assert cells[municipality, None].mean == parts
            assert cells[None, None].mean == sum(cell.mean for (m, owner), cell in cells.items() if m and not owner)
            assert all(0 <= cell.low <= cell.high for cell in cells.values())
        for outlook in outlooks.values():
            assert outlook[what][3].mean == sum(estimate.mean for estimate in outlook[what][:3])


def test_the_total_of_homes_sharing_a_rate_is_wider_than_a_sum_of_independent_ones() -> None:
    state = empty()
    for number in range(40):
        state.add_stock((f"0190{number:02d}", "aler", LET), 50)
    low, high = forecast(state, TRIENNIUM, START)[None, None].turnover[3][1:]
    # 2,000 homes x 1,096 days x 9 / 93,921 = 210: Poisson alone would give 210 +- 1.2816 x 14.5, a width of 37;
    # the shared Gamma(9) rate adds an sd of 210 / 3 = 70, 1.2816 x 2 x 71.5 = 183 in all.
    assert high - low == pytest.approx(183, rel=0.05)


@pytest.mark.parametrize(("homes", "most_exits", "error"), [(400, 60, 0), (3000, 420, 1)])
def test_assignable_exits_have_the_deciles_of_the_mixture_over_rate_and_share(
    homes: int, most_exits: int, error: int
) -> None:
    # Oracle: exits by their mass function, then each of them by Polya's urn, whose draws are beta-binomial.
    mean = 9 * homes * 365 / 93_921
    ratio, mass = mean / (9 + mean), (9 / (9 + mean)) ** 9
    thinned, chances = [0.0] * (most_exits + 1), [1.0]
    for exits in range(most_exits + 1):
        for ready, chance in enumerate(chances):
            thinned[ready] += mass * chance
        ups = [
            (PRIOR_ASSIGNABLE + ready) / (PRIOR_ASSIGNABLE + PRIOR_NEEDING_WORKS + exits) for ready in range(exits + 1)
        ]
        stays = [chance * (1 - up) for chance, up in zip(chances, ups, strict=True)]
        moves = [chance * up for chance, up in zip(chances, ups, strict=True)]
        chances = [stay + move for stay, move in zip([*stays, 0.0], [0.0, *moves], strict=True)]
        mass *= ratio * (9 + exits) / (exits + 1)
    cumulative = list(accumulate(thinned))
    assert cumulative[-1] == pytest.approx(1, abs=1e-6)
    expected = tuple(next(k for k, c in enumerate(cumulative) if c >= level) for level in (0.1, 0.9))
    state = empty()
    state.add_stock((CREMONA, "aler", LET), homes)
    assert forecast(state, TRIENNIUM, START)[None, None].assignable[0][1:] == pytest.approx(expected, abs=error)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (0, 7, 0)]
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_thousandths_are_published_in_tenths() -> None:
    assert [tenths(value) for value in (49, 50, 149, 150)] == [0, 1, 1, 2]
