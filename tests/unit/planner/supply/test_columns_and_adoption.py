"""Columns b to g, what is left to assign, and which value a cell adopts."""

from __future__ import annotations

import pytest

from services.planner.domain.supply.adoption import Adopted, Basis, Choice, adopt
from services.planner.domain.supply.columns import Channel, annual_supply, certain, disposals, forecast, together
from services.planner.domain.supply.counts import gamma_poisson


def test_the_total_is_the_sum_of_means_and_its_band_a_convolution() -> None:
    turnover, works = forecast(gamma_poisson(20.0, 0.02)), forecast(gamma_poisson(10.0, 0.1))
    supply = annual_supply({Channel.FREE_AND_TURNOVER: together(certain(7), turnover), Channel.RENOVATED: works})
    assert supply.total.mean == 7000 + turnover.mean + works.mean == 37_000
    assert [supply.channels[channel].mean for channel in Channel] == [0, 10_000, 0, 27_000, 0]
    low, high = supply.total.band()
    # Variances 20 + 400 x 0.02 and 10 + 100 x 0.1: sd sqrt(48) = 6.93; 37 -+ 1.28 x 6.93 = 28.1 and 45.9.
    assert (low, high) == pytest.approx((28, 46), abs=1)
    summed = [7 + a + b for a, b in zip(turnover.band(), works.band(), strict=True)]
    assert summed[0] < low < high < summed[1]
    assert supply.assignable == supply.total


def test_what_is_set_aside_or_sold_is_not_assignable() -> None:
    supply = annual_supply({Channel.AS_IS: certain(10)}, set_aside=certain(2), leaving=certain(3))
    assert (supply.total.mean, supply.set_aside.mean, supply.assignable.mean) == (10_000, 2_000, 5_000)
    assert supply.assignable.band() == (5, 5)
    assert annual_supply({Channel.AS_IS: certain(1)}, leaving=certain(3)).assignable.band() == (0, 0)


def test_disposals_by_how_earlier_ones_ended() -> None:
    # Beta(1 + 8, 1 + 1): 9 of 11 of ten homes.
    assert disposals(10, sold=8, withdrawn=1).mean == pytest.approx(10_000 * 9 / 11, abs=1)
    assert disposals(0, 5, 5).mean == 0


MODEL = gamma_poisson(4.2, 0.05)
WHY = Choice(Basis.MODEL, "dichiarazione riferita a tutto il patrimonio, non al solo SAP", "e-1")


@pytest.mark.parametrize(
    ("declared", "choice", "basis", "adopted"),
    [
        (6, None, Basis.DECLARED, 6000),
        (0, None, Basis.DECLARED, 0),
        (None, None, Basis.MODEL, 4200),
        (6, WHY, Basis.MODEL, 4200),
        (6, WHY._replace(basis=Basis.DECLARED), Basis.DECLARED, 6000),
    ],
)
def test_declared_where_submitted_model_where_missing_or_a_reasoned_choice(
    declared: int | None, choice: Choice | None, basis: Basis, adopted: int
) -> None:
    found = adopt(declared, MODEL, 4200, choice)
    low, high = MODEL.band()
    reason = choice.reason if choice else ""
    assert found == Adopted(declared, 4200, low, high, basis, adopted, reason, declared is None)


def test_a_choice_needs_a_reason_and_something_to_adopt() -> None:
    with pytest.raises(ValueError, match="gives no reason"):
        adopt(6, MODEL, 4200, WHY._replace(reason=" "))
    with pytest.raises(ValueError, match="never submitted"):
        adopt(None, MODEL, 4200, WHY._replace(basis=Basis.DECLARED))
