"""The legal parameters in force on one date, typed; `services.planner.law` reads them from dated data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from; `status` is `read` (in a public copy) or `assumed` (shown as such, never as law)."""

    article: str
    gazette: str | None
    valid_from: date | None
    valid_to: date | None
    status: str
    value: str | tuple[str | None, ...] | None
    unit: str


@dataclass(frozen=True, slots=True)
class AreaBands:
    """Superficie utile per numero di componenti (R.R. 4/2017, art. 9 c. 2), m2: `minimum[0]` is for one person."""

    minimum: tuple[int, ...]
    maximum: tuple[int | None, ...]
    residual_tolerance: Decimal | None
    """L.R. 16/2016, art. 23 c. 6 bis: share by which residual homes may leave the bands; None before it existed."""

    @property
    def largest_household(self) -> int:
        """The last band is open: it holds households of this size and larger ones."""
        return len(self.minimum)

    def size_class(self, net_area_m2: Decimal) -> int:
        """The most people a home of this area fits; 0 when it is below the smallest band."""
        return sum(1 for minimum in self.minimum if net_area_m2 >= minimum)


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """Quote delle unità dell'anno (R.R. 4/2017, art. 4 c. 3, art. 13); a share of None did not exist yet.

    `forces_categories` are those whom the forces' share is for: `POLICE`, `FIRE_BRIGADE`, `LOCAL_POLICE`...
    """

    indigence_share: Decimal
    indigent_isee_eur: int
    forces_share: Decimal | None
    forces_categories: tuple[str, ...]
    owner_categories_share: Decimal | None


@dataclass(frozen=True, slots=True)
class SatRules:
    """Servizi abitativi transitori (L.R. 16/2016, art. 23 c. 13)."""

    set_aside_share: Decimal
    baseline: str
    duration_months: int
    renewals: int


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """Misure per l'emergenza abitativa: what the plan may propose where no public home is left, as codes."""

    lease: str
    arrears_fund: str


@dataclass(frozen=True, slots=True)
class DisposalRules:
    """Alienazione e valorizzazione (L.R. 16/2016, art. 28): caps on the baseline stock."""

    total_share: Decimal
    sold_share: Decimal
    village_share: Decimal | None
    village_max_inhabitants: int
    town_share: Decimal | None
    town_max_inhabitants: int


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Accesso e permanenza (R.R. 4/2017, art. 7, 10; R.R. 11/2019, art. 3, 5); amounts in EUR, VAT included."""

    isee_limit_eur: int
    tenant_works_eur: int
    tenant_works_offset_months: int
    solidarity_indigent_eur_year: int
    solidarity_indigent_months: int
    solidarity_difficulty_eur_year: int


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """Termini annuali (R.R. 4/2017, art. 4, art. 5 c. 1) as (month, day); `registry_cut_off` is an assumption."""

    submission: tuple[int, int]
    annual_approval: tuple[int, int]
    registry_cut_off: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlanningRules:
    """Ipotesi di lavoro del piano: what the law leaves to the planner; assumptions, shown as such."""

    backlog_clearance_years: int
    plausible_turnover_share: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule set a plan pins: every legal parameter in force on `on`, and `sources` by parameter name."""

    on: date
    quotas: QuotaRules
    sat: SatRules
    emergency: EmergencyRules
    bands: AreaBands
    disposal: DisposalRules
    access: AccessRules
    deadlines: DeadlineRules
    planning: PlanningRules
    sources: Mapping[str, Source]
