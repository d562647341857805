"""A prediction as the JSON of `pianovivo planner forecast`; its format is a contract."""

from __future__ import annotations

import json
from typing import Any

from services.planner.domain.supply.counts import LEVELS, Distribution
from services.planner.forecasting.prediction import Prediction

DECIMALS = 12
"""Of a probability: what is left out is less than one home in all Italy."""


def document(prediction: Prediction, with_probabilities: bool) -> str:
    """One line of JSON with sorted keys, the same bytes for the same prediction."""
    found: dict[str, Any] = {
        "levels": LEVELS,
        "municipalities": {name: count.quantiles() for name, count in prediction.municipalities.items()},
        "total": prediction.total.quantiles(),
        "mean": {name: mean / 1000 for name, mean in prediction.means.items()},
        "assignable": {"total": prediction.assignable.quantiles()},
    }
    if with_probabilities:
        found["pmf"] = {
            "municipalities": {name: _probabilities(count) for name, count in prediction.municipalities.items()},
            "total": _probabilities(prediction.total),
        }
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _probabilities(count: Distribution) -> list[float]:
    return [round(mass, DECIMALS) for mass in count.from_zero()]
