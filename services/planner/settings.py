"""The planner's own settings."""

from datetime import date

from pydantic import Field

from shared.settings import Settings


class PlannerSettings(Settings):
    planner_port: int = Field(8003, ge=0, le=65535, description="HTTP port of the planner")
    planner_first_year: int = Field(2026, ge=2017, le=2100, description="First calendar year of the plan’s triennium")
    planner_rules_on: date | None = Field(
        None,
        description="Day whose law every plan is pinned to; without it that of each plan’s reference date",
    )
    planner_hold_hours: int = Field(
        72, ge=1, le=1440, description="Hours for which a home is held for an emergency case before the hold expires"
    )
    planner_contest_days: int = Field(
        15, ge=1, le=120, description="Days in which a contested number can be answered and corrected; assumed, not law"
    )
    planner_synthetic_data: bool = Field(
        False, description="Whether homes and events are made up: the plan’s document then says so on every page"
    )
    planner_data_licence: str = Field(
        "https://creativecommons.org/licenses/by/4.0/",
        pattern=r"^https?://[^\s]+$",
        max_length=200,
        description="Address of the licence that the plan’s open data have; the Italian guidelines advise CC BY 4.0",
    )
