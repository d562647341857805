"""Law as dated data: every legal parameter with its value, period, article and official journal, one file a family.

`read` means that the text was read in a public copy, `assumed` that the value is a working assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import TypeAdapter

from services.planner.domain.rules import (
    AccessRules,
    AreaBands,
    DeadlineRules,
    DisposalRules,
    EmergencyRules,
    PlanningRules,
    QuotaRules,
    Rules,
    SatRules,
    Source,
)
from services.planner.law.overlay import Overlay, read_overlay
from services.planner.law.values import DatedValue, History, RulesFault, check_periods

__all__ = ["DatedValue", "History", "Overlay", "RulesFault", "check_periods", "parameters", "read_overlay", "rules_on"]


class InForce:
    """The one value of each parameter on one day, read as the type asked for."""

    def __init__(self, on: date, overlay: Overlay | None = None) -> None:
        histories = {**parameters(), **(overlay.histories if overlay else {})}
        self._values = {
            name: next(dated for dated in history if dated.holds_on(on)) for name, history in histories.items()
        }

    def text(self, name: str) -> str:
        value = self._values[name].value
        if not isinstance(value, str):
            raise TypeError(f"{name} is not a single value: {value!r}")
        return value

    def share(self, name: str) -> Decimal:
        return Decimal(self.text(name))

    def optional_share(self, name: str) -> Decimal | None:
        return None if self._values[name].value is None else self.share(name)

    def whole(self, name: str) -> int:
        return int(self.text(name))

    def wholes(self, name: str) -> tuple[int | None, ...]:
        return tuple(None if item is None else int(item) for item in self._list(name))

    def codes(self, name: str) -> tuple[str, ...]:
        return tuple(item for item in self._list(name) if item is not None)

    def month_day(self, name: str) -> tuple[int, int]:
        month, day = self.text(name).split("-")
        return int(month), int(day)

    def sources(self) -> Mapping[str, Source]:
        return {
            name: Source(
                dated.article, dated.gazette, dated.valid_from, dated.valid_to, dated.status, dated.value, dated.unit
            )
            for name, dated in sorted(self._values.items())
        }

    def _list(self, name: str) -> tuple[str | None, ...]:
        value = self._values[name].value
        if not isinstance(value, tuple):
            raise TypeError(f"{name} is not a list: {value!r}")
        return value


@lru_cache(maxsize=1)
def parameters() -> Mapping[str, History]:
    """Every parameter's history, oldest first.

    Raises:
        ValueError: a parameter is given twice, or its periods leave a day without a value or with two.
    """
    adapter = TypeAdapter(dict[str, History])
    found: dict[str, History] = {}
    for path in sorted(files(__name__).iterdir(), key=lambda path: path.name):
        if path.name.endswith(".yaml"):
            family = adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
            if repeated := family.keys() & found.keys():
                raise ValueError(f"{path.name}: {sorted(repeated)} given twice")
            found |= family
    for name, history in found.items():
        check_periods(name, history)
    return found


@lru_cache(maxsize=64)
def rules_on(on: date, overlay: Overlay | None = None) -> Rules:
    """The rule set in force on a date; with an overlay, as it would be."""
    law = InForce(on, overlay)
    minimum = tuple(area for area in law.wholes("area_band_minimum") if area is not None)
    return Rules(
        on=on,
        quotas=QuotaRules(
            indigence_share=law.share("indigence_share"),
            indigent_isee_eur=law.whole("indigent_isee"),
            forces_share=law.optional_share("forces_share"),
            forces_categories=law.codes("forces_categories"),
            owner_categories_share=law.optional_share("owner_categories_share"),
        ),
        sat=SatRules(
            set_aside_share=law.share("sat_set_aside_share"),
            baseline=law.text("sat_baseline"),
            duration_months=law.whole("sat_duration"),
            renewals=law.whole("sat_renewals"),
        ),
        emergency=EmergencyRules(law.text("emergency_lease"), law.text("arrears_fund")),
        bands=AreaBands(minimum, law.wholes("area_band_maximum"), law.optional_share("residual_tolerance")),
        disposal=DisposalRules(
            total_share=law.share("disposal_total_share"),
            sold_share=law.share("disposal_sold_share"),
            village_share=law.optional_share("disposal_village_share"),
            village_max_inhabitants=law.whole("disposal_village_max_inhabitants"),
            town_share=law.optional_share("disposal_town_share"),
            town_max_inhabitants=law.whole("disposal_town_max_inhabitants"),
        ),
        access=AccessRules(
            isee_limit_eur=law.whole("access_isee_limit"),
            tenant_works_eur=law.whole("tenant_works_limit"),
            tenant_works_offset_months=law.whole("tenant_works_offset"),
            solidarity_indigent_eur_year=law.whole("solidarity_indigent"),
            solidarity_indigent_months=law.whole("solidarity_indigent_duration"),
            solidarity_difficulty_eur_year=law.whole("solidarity_difficulty"),
        ),
        deadlines=DeadlineRules(
            submission=law.month_day("submission_deadline"),
            annual_approval=law.month_day("annual_approval_deadline"),
            registry_cut_off=law.month_day("registry_cut_off"),
        ),
        planning=PlanningRules(
            backlog_clearance_years=law.whole("backlog_clearance"),
            plausible_turnover_share=law.share("plausible_turnover_share"),
        ),
        sources=law.sources(),
    )
