"""What the municipalities of the demonstration say of their territory: need, measures, strategies, services.

Numbers of households are drawn; the rates behind them are published ones where a source is named, else assumed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from deploy.demo.stock import split_by_weight
from shared.events.planning import AccessMeasure, HousingNeed, Strategy
from shared.territory import Municipality

HOUSEHOLD_SIZES: Mapping[int, int] = {1: 24, 2: 22, 3: 20, 4: 19, 5: 10, 6: 5}
"""How common sizes of households in need are, in percent (assumed)."""
_PEOPLE_PER_HOUSEHOLD = 2.2
_APPLICATIONS = 12.6
"""Per 1,000 households (Italy 2024, Unimpresa: hashtagsicilia.it/2024/12/12)."""
_INDIGENT_SHARE = 51 / 208
"""Of the applications (Ambito Oglio Po 2024: laprovinciacr.it/news/cronaca/482080)."""
_ADMITTED_SHARE = (0.3, 0.6)
"""Of the applications; applications submitted and admitted differ by up to four times (assumed range)."""
_UNSATISFIED_SHARE = (0.5, 0.8)
_PER_THOUSAND = {
    "eviction_orders": 1.6,
    "homeless_or_temporary": 0.5,
    "uninhabitable_home": 0.3,
    "overcrowded": 0.9,
    "barriers": 0.4,
    "rent_support_applications": 9.0,
}
"""Households per 1,000 (assumed)."""
_LINKED_SHARE = 0.85
"""Of the sum of the reasons for need, what is left when each household is counted once (assumed)."""
_SOLIDARITY_EUR = Decimal(1850)
"""R.R. 11/2019, art. 3: for an indigent household and year."""
_FUND_EUR = Decimal(4000)
_SERVICES = ("Sportello casa", "Servizio sociale professionale", "Agenzia per l’abitare", "Segretariato sociale")
_CRITICALITIES = (
    "Alloggi sfitti in attesa di lavori",
    "Inquilini anziani in alloggi con barriere architettoniche",
    "Pochi alloggi per nuclei numerosi",
    "Aumento degli sfratti per morosità",
)


def territory_of(rng: Random, where: Municipality, cycle_year: int, *, is_town: bool) -> dict[str, Any]:
    """Fields of a municipality's declaration that speak of its territory."""
    need = _need(rng, where, can_link=is_town)
    return {
        "need": need,
        "measures": tuple(_measures(need)) if is_town else (),
        "strategies": tuple(_strategies(cycle_year)) if is_town else (),
        "services": tuple(rng.sample(_SERVICES, rng.randint(1, len(_SERVICES) if is_town else 2))),
        "criticalities": tuple(rng.sample(_CRITICALITIES, rng.randint(1, 3) if is_town else rng.randint(0, 1))),
    }


def _need(rng: Random, where: Municipality, *, can_link: bool) -> HousingNeed:
    thousands = where.population / _PEOPLE_PER_HOUSEHOLD / 1000
    applications = _drawn(rng, thousands * _APPLICATIONS)
    admitted = int(applications * rng.uniform(*_ADMITTED_SHARE))
    unsatisfied = int(admitted * rng.uniform(*_UNSATISFIED_SHARE))
    counts = {name: _drawn(rng, thousands * rate) for name, rate in _PER_THOUSAND.items()}
    executed = int(counts["eviction_orders"] * rng.uniform(0.3, 0.6))
    alike = ("homeless_or_temporary", "uninhabitable_home", "overcrowded", "barriers")
    reasons = [unsatisfied, executed, *(counts[name] for name in alike)]
    linked = max(*reasons, int(sum(reasons) * _LINKED_SHARE)) if can_link else None
    return HousingNeed(
        applications_submitted=applications,
        households_admitted=admitted,
        admitted_unsatisfied=unsatisfied,
        newly_admitted=int(admitted * rng.uniform(0.2, 0.5)),
        left_without_assignment=int(admitted * rng.uniform(0.05, 0.2)),
        indigent_applicants=int(applications * _INDIGENT_SHARE),
        eviction_executions=executed,
        waiting_households=unsatisfied,
        linked_total=linked,
        by_household_size=_by_size(linked if linked is not None else unsatisfied),
        **counts,
    )


def _by_size(households: int) -> tuple[int, ...]:
    return tuple(split_by_weight(households, list(HOUSEHOLD_SIZES.values())))


def _measures(need: HousingNeed) -> Iterator[AccessMeasure]:
    indigent, evicted = need.indigent_applicants or 0, need.eviction_orders or 0
    for name, households, each, rule in (
        ("Contributo regionale di solidarietà", indigent, _SOLIDARITY_EUR, "R.R. 11/2019, art. 3"),
        ("Fondo per la morosità incolpevole", evicted, _FUND_EUR, "L.R. 16/2016, titolo V"),
    ):
        yield AccessMeasure(name=name, budget_eur=each * households, households=households, rule_of_origin=rule)


def _strategies(cycle_year: int) -> Sequence[Strategy]:
    end = date(cycle_year + 3, 12, 31)
    return (
        Strategy(
            objective="Non lasciare alloggi inagibili senza un programma di lavori",
            figure="needing_works",
            target=0,
            deadline_on=end,
            responsible_office="Ufficio tecnico",
        ),
        Strategy(
            objective="Accompagnare i nuclei in difficoltà nel pagamento del canone",
            deadline_on=end,
            responsible_office="Servizi sociali",
        ),
    )


def _drawn(rng: Random, mean: float) -> int:
    """Within a quarter of `mean`, rounded by chance so that small municipalities have some too."""
    return int(mean * rng.uniform(0.75, 1.25) + rng.random())
