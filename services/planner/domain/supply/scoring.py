"""How well forecasts of counts held, once the counts are known: calibration, width and skill.

Calibration is that of the randomised probability integral transform (Czado, Gneiting and Held, *Biometrics* 65, 2009):
raw coverage of small counts says little, since a band from 0 to 2 cannot hold 80 %. The randomisation is not drawn but
integrated out, so that a score has no luck of its own. Skill is by the pinball loss over the published levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from services.planner.domain.supply.counts import BAND, LEVELS, Distribution

WIDE_BAND = (0.025, 0.975)
BINS = 10
"""Of the reliability histogram: tenths of the transform."""


class Outcome(NamedTuple):
    """Esito di una previsione: what the forecast said of one count that is now known.

    `at_most_less_one` and `at_most` are the forecast's probabilities of less than, and of at most, the actual count.
    """

    actual: int
    mean: float
    quantiles: tuple[int, ...]
    at_most_less_one: float
    at_most: float

    def held_share(self, band: tuple[float, float]) -> float:
        """Probability that the randomised transform lies within a band of levels."""
        low, high = max(band[0], self.at_most_less_one), min(band[1], self.at_most)
        size = self.at_most - self.at_most_less_one
        if size <= 0:
            return 1.0 if band[0] <= self.at_most <= band[1] else 0.0
        return max(high - low, 0.0) / size

    @property
    def width(self) -> int:
        """Of the 80 % band."""
        return self.quantiles[LEVELS.index(BAND[1])] - self.quantiles[LEVELS.index(BAND[0])]


def outcome(forecast: Distribution, actual: int) -> Outcome:
    place = actual - forecast.first
    less = fsum(forecast.masses[: max(place, 0)])
    at = forecast.masses[place] if 0 <= place < len(forecast.masses) else 0.0
    return Outcome(actual, forecast.mean, forecast.quantiles(), less, less + at)


def pinball_loss(quantiles: Sequence[int], actual: int) -> float:
    """Mean over the published levels of the loss of a quantile (Koenker and Bassett, *Econometrica* 46, 1978)."""
    losses = [
        (actual - quantile) * level if actual >= quantile else (quantile - actual) * (1 - level)
        for level, quantile in zip(LEVELS, quantiles, strict=True)
    ]
    return fsum(losses) / len(losses)


class Score(NamedTuple):
    """Punteggio di un gruppo di previsioni; shares are of 1, `bias` is of the sum of the actual counts."""

    forecasts: int
    coverage: float
    wide_coverage: float
    width_share: float
    bias: float
    loss: float


def score(outcomes: Iterable[Outcome]) -> Score:
    """Raises ValueError when there is nothing to score."""
    every = list(outcomes)
    if not every:
        raise ValueError("no forecasts to score")
    actual, mean = sum(one.actual for one in every), fsum(one.mean for one in every)
    return Score(
        forecasts=len(every),
        coverage=fsum(one.held_share(BAND) for one in every) / len(every),
        wide_coverage=fsum(one.held_share(WIDE_BAND) for one in every) / len(every),
        width_share=sum(one.width for one in every) / mean if mean > 0 else 0.0,
        bias=mean / actual - 1 if actual else 0.0,
        loss=fsum(pinball_loss(one.quantiles, one.actual) for one in every) / len(every),
    )


def skill(loss: float, loss_of_other: float) -> float:
    """Share of the other forecast's loss that this one avoids: 0 is no better, 1 is perfect, below 0 is worse."""
    return 1 - loss / loss_of_other if loss_of_other > 0 else 0.0


def reliability(outcomes: Iterable[Outcome]) -> list[float]:
    """Share of the outcomes in each tenth of the transform: a tenth each when the forecast is calibrated."""
    every = list(outcomes)
    return [
        fsum(one.held_share((place / BINS, (place + 1) / BINS)) for one in every) / max(len(every), 1)
        for place in range(BINS)
    ]
