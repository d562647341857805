"""The forecast's own record: against hand calculations, the live plan's forecast, and worlds whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planner.domain.chronicle import state_as_of
from services.planner.domain.declared_years import expected_turnover
from services.planner.domain.forecast import Triennium, forecast
from services.planner.domain.scores import YearScore, closed_years, loss_of, scores_of, thousandths
from services.planner.domain.state import Cell, CellKey, PlanState
from services.planner.domain.supply.counts import gamma_poisson
from services.planner.domain.supply.scoring import pinball_loss
from shared.events.base import Message
from shared.events.planning import YearForecast
from shared.events.submissions import AnnualColumns
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, CREMONA, RULES, TestRegistry, folded, message, submission

ALER, COMUNE = "aler", "comune-cremona"
LET, FREE = UnitStatus.OCCUPIED, UnitStatus.FREE_ASSIGNABLE
Cells = dict[CellKey, Cell]


def lived(exits: Mapping[str, list[int]], begins: int = 2022, homes: int = 20) -> Cells:
    """Homes let on the first day, and exits in the first quarter of each year, each home let again the same day."""
    cells: Cells = {}
    first = date(begins, 1, 1).toordinal()
    for municipality, counts in exits.items():
        for year, count in enumerate(counts, begins):
            cells[municipality, ALER, 2, year * 4] = Cell(count)
        cells[municipality, ALER, 2, begins * 4] = Cell(counts[0], 0, homes, homes * first)
    return cells


def score(cells: Cells, municipality: str | None, year: int, declared: Mapping[tuple[int, str, str], int]) -> YearScore:
    found = scores_of(cells, declared, date(2025, 2, 1)).years
    return next(one for one in found if (one.municipality, one.year) == (municipality, year))


def test_last_year_and_the_declared_by_hand() -> None:
    cells = lived({CREMONA: [2, 1, 3]})
    found = score(cells, CREMONA, 2023, {(2022, ALER, CREMONA): 4})
    # Poisson(2) at the nine levels: 0 0 0 1 2 3 4 5 5; one came: (.025 + .05 + .1 + .5 + 2 x .25 + 3 x .1 + 4 x .05
    # + 4 x .025) / 9 = 1.775 / 9. Declared 4, three too many: 3 x 4.5 / 9.
    assert (found.exits, found.last_year, found.last_year_loss) == (1, 2, 197)
    assert (found.declared, found.declared_loss) == (4, 1500)
    following = score(cells, CREMONA, 2024, {})
    # Poisson(1): 0 0 0 0 1 2 2 3 3; three came: (3 x .425 + 2 x .5 + .75 + .9) / 9 = 3.925 / 9.
    assert (following.exits, following.last_year, following.last_year_loss) == (3, 1, 436)
    assert (following.declared, following.declared_loss) == (None, None)
    record = scores_of(cells, {(2022, ALER, CREMONA): 4}, date(2025, 2, 1)).records[CREMONA]
    assert (record.forecasts, record.last_year_loss) == (2, 633)
    assert (record.declared, record.declared_loss, record.loss_beside_declared) == (1, 1500, found.loss)
    assert record.loss == found.loss + following.loss
    assert record.skill == round(1000 * (633 - record.loss) / 633)


def test_the_model_is_asked_what_the_plan_would_have_said() -> None:
    """The oracle is the live plan's own forecast, from a state that knows nothing of the year."""
    cells = lived({CREMONA: [2, 1, 3], CASTELVERDE: [0, 4, 1]})
    before = PlanState(AMBITO, RULES.bands)
    for key, cell in cells.items():
        if key[3] < 4 * 2024:
            before.add_cell(key, cell)
    before.stock = {(CREMONA, ALER, LET): 20, (CASTELVERDE, ALER, LET): 20}
    said = forecast(before, Triennium(2024), date(2024, 1, 1))
    for place in (CREMONA, CASTELVERDE, None):
        found = score(cells, place, 2024, {})
        assert found.mean == said[place, None].turnover[0].mean
        # The published band goes by mean and variance: within a home of the distribution's own.
        assert (found.low, found.high) == pytest.approx(said[place, None].turnover[0][1:], abs=1)
    assert score(cells, None, 2024, {}).exits == 4
    assert score(cells, None, 2024, {}).last_year == 5


@given(st.floats(0.0, 80.0), st.floats(0.0, 0.5), st.integers(0, 120))
def test_the_loss_is_that_of_scoring_in_thousandths(mean: float, spread: float, exits: int) -> None:
    quantiles = gamma_poisson(mean, spread).quantiles()
    assert loss_of(quantiles, exits) == pytest.approx(1000 * pinball_loss(quantiles, exits), abs=0.5 + 1e-6)


def test_thousandths_are_rounded_half_up() -> None:
    # 0.0625 is exact in binary: 62.5 thousandths. 0.8 is a little more than 800 of them, 0.0004 is none.
    assert [thousandths(share) for share in (0.0625, 0.8, 0.0004, 1.0, 0.0)] == [63, 800, 0, 1000, 0]


@pytest.mark.parametrize(
    ("begins", "on", "years"),
    [
        (2022 * 4, date(2024, 1, 1), [2023]),  # 2023 is over, and the whole of 2022 known
        (2022 * 4, date(2023, 12, 31), []),  # its last day is still to come
        (2022 * 4 + 1, date(2025, 6, 1), [2024]),  # of 2022 the first quarter is not known
        (2022 * 4 + 3, date(2024, 6, 1), []),
        (2022 * 4, date(2021, 1, 1), []),
    ],
)
def test_a_year_is_scored_once_it_is_over_and_one_before_it_known(begins: int, on: date, years: list[int]) -> None:
    assert list(closed_years({(CREMONA, ALER, 2, begins): Cell(0, 0, 1, 0)}, on)) == years


def test_nothing_known_nothing_scored() -> None:
    found = scores_of({}, {}, date(2026, 1, 1))
    assert (found.years, found.records) == ((), {})
    assert (found.one_by_one.forecasts, found.one_by_one.held_mean, found.one_by_one.skill) == (0, None, None)


def test_a_municipality_is_scored_from_its_own_second_whole_year() -> None:
    cells = lived({CREMONA: [1, 1, 1]}) | lived({CASTELVERDE: [1, 1]}, begins=2023)
    cells["019001", ALER, 2, 2023 * 4 + 1] = Cell(0, 0, 5, 5 * date(2023, 4, 1).toordinal())
    found = {(one.municipality, one.year) for one in scores_of(cells, {}, date(2025, 1, 1)).years}
    assert found == {(None, 2023), (None, 2024), (CREMONA, 2023), (CREMONA, 2024), (CASTELVERDE, 2024)}


def test_a_declaration_is_compared_when_every_owner_with_homes_let_has_made_one() -> None:
    cells = lived({CREMONA: [1, 1, 1], CASTELVERDE: [1, 1, 1]})
    cells[CREMONA, COMUNE, 3, 2022 * 4] = Cell(0, 0, 5, 5 * date(2022, 1, 1).toordinal())
    aler = {(2023, ALER, CREMONA): 2}
    assert score(cells, CREMONA, 2024, aler).declared is None
    both = aler | {(2023, COMUNE, CREMONA): 0, (2024, COMUNE, CREMONA): 9}
    assert score(cells, CREMONA, 2024, both).declared == 2
    assert score(cells, None, 2024, both).declared is None
    everyone = both | {(2023, ALER, CASTELVERDE): 3}
    assert score(cells, None, 2024, everyone).declared == 5


def by_chance(random: Random, rates: list[float], homes: int = 40) -> Cells:
    """Eight years from 2017 in which a municipality's exits are a Poisson count about its yearly rate."""
    cells: Cells = {}
    first = date(2017, 1, 1).toordinal()
    for town, rate in enumerate(rates):
        place = (f"{town:06}", ALER, 2)
        for quarter in range(2017 * 4, 2025 * 4):
            cells[*place, quarter] = Cell(arrivals(random, rate / 4))
        cells[*place, 2017 * 4] = cells[*place, 2017 * 4].plus(Cell(0, 0, homes, homes * first))
    return cells


def arrivals(random: Random, mean: float) -> int:
    """By the waiting times between events, which are exponential."""
    count, at = 0, random.expovariate(1.0)
    while at < mean:
        count, at = count + 1, at + random.expovariate(1.0)
    return count


def test_what_was_expected_is_the_following_years_row_or_else_column_e() -> None:
    told = submission(1, 0, 1, year=2023).event
    columns = AnnualColumns(stock_sap=20, turnover_expected=4, assignable_total=4)
    rows = tuple(YearForecast(year=year, turnover_expected=year - 2018) for year in (2024, 2025, 2026))
    said = [
        told.having({"columns": columns, "forecast": rows}),
        told.having({"columns": columns, "municipality": CASTELVERDE}),
        told.having({"columns": None, "nil": True, "owner": COMUNE}),
    ]
    state = folded([message(event, number) for number, event in enumerate(said, 1)])
    assert expected_turnover(state) == {
        (2023, ALER, CREMONA): 6,
        (2023, ALER, CASTELVERDE): 4,
        (2023, COMUNE, CREMONA): 0,
    }


def test_the_band_holds_as_often_as_it_says_in_a_world_of_chance() -> None:
    random = Random(20)
    cells = by_chance(random, [random.gammavariate(2, 1.5) for _ in range(40)])
    found = scores_of(cells, {}, date(2025, 1, 1)).one_by_one
    assert found.forecasts == 280
    # Standard error of a share of 0.8 among 280: 0.024.
    assert found.held_mean == pytest.approx(800, abs=50)
    assert found.skill is not None
    assert found.skill > 150


COUNTS = st.lists(st.integers(0, 6), min_size=4, max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_permuting_names_permutes_the_scores(worlds: list[list[int]], random: Random) -> None:
    names = [f"{town:06}" for town in range(len(worlds))]
    renamed = dict(zip(names, random.sample(names, len(names)), strict=True))
    cells = list(lived(dict(zip(names, worlds, strict=True))).items())
    random.shuffle(cells)
    other = {(renamed[name], "x-" + owner, 9 - size, quarter): cell for (name, owner, size, quarter), cell in cells}
    was, now = (scores_of(dict(held), {}, date(2026, 1, 1)) for held in (cells, other.items()))
    moved = [one._replace(municipality=renamed.get(one.municipality or "")) for one in was.years]
    assert sorted(moved, key=str) == sorted(now.years, key=str)
    assert {renamed.get(name or ""): record for name, record in was.records.items()} == now.records
    assert was.one_by_one == now.one_by_one


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 1400)), max_size=40),
    st.randoms(use_true_random=False),
)
def test_scores_of_a_truncated_log_are_those_of_the_integer_state(moves: list[tuple[int, int]], random: Random) -> None:
    sent = told(moves)
    random.shuffle(sent)
    full = scores_of(folded(sent).cells, {}, date(2026, 1, 1)).years
    for year in (2023, 2024):
        then = state_as_of(AMBITO, RULES.bands, sent, date(year, 12, 31))
        assert scores_of(then.cells, {}, date(year + 1, 1, 1)).years == tuple(s for s in full if s.year <= year)


def told(moves: list[tuple[int, int]]) -> list[Message]:
    """Eight homes let on the first day of 2022, each given back and let again on its days in turn."""
    registry = TestRegistry()
    begins_on = date(2022, 1, 1)
    for home in range(8):
        registry.register(f"U{home}", LET, begins_on, municipality=CREMONA if home % 2 else CASTELVERDE)
    for home, day in sorted(moves):
        is_let = registry.units[f"U{home}"].status is LET
        report = ("unit-vacated", FREE) if is_let else ("unit-assigned", LET)
        registry.report(f"U{home}", *report, begins_on + timedelta(days=day))
    return registry.sent
