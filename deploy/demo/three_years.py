"""What the owners of the synthetic stock declare of the next three years: supply, programmes, disposals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from deploy.demo.lives import Life, Moment
from deploy.demo.stock import ALER
from shared.events.planning import Confirmation, Disposal, DisposalKind, Programme, ProgrammeKind, YearForecast
from shared.events.submissions import AnnualColumns
from shared.events.units import ServiceType, UnitStatus, Works, WorksKind

PLAUSIBLE_TURNOVER = Decimal("0.15")
"""Above this share of the homes a declared turnover would have to be justified."""
_YEARS = 3
_NEW_HOME_EUR = Decimal(160_000)
"""Cost of building a home (assumed); of works the homes themselves say it."""
_PROCEEDS_EUR = Decimal(55_000)
"""What a home sells for (assumed)."""
_FINANCED = 0.7
_CAP_REASON = "Il limite si calcola sul patrimonio di riferimento, più grande di quello attuale"


def three_years_of_stock(
    rng: Random, owner: str, lives: Sequence[Life], columns: AnnualColumns, on: date, cycle_year: int
) -> dict[str, Any]:
    """Fields of a declaration that speak of homes, as these are on that day."""
    years = range(cycle_year + 1, cycle_year + 1 + _YEARS)
    now = [life.at(on) for life in lives if life.home.service_type is ServiceType.SAP]
    stock = columns.stock_sap + columns.stock_sas + columns.stock_sat
    disposals = tuple(_disposals(rng, owner, now, years))
    reason = Confirmation(field="/disposals", reason=_CAP_REASON)
    return {
        "forecast": tuple(_forecast(rng, now, columns, stock, years)),
        "programmes": tuple(_programmes(rng, now, years)),
        "disposals": disposals,
        "confirmations": (reason,) if disposals and owner != ALER else (),
    }


def _forecast(
    rng: Random, now: Sequence[Moment], columns: AnnualColumns, stock: int, years: range
) -> Iterator[YearForecast]:
    """The first year says what the annual columns say; later ones have the works that are planned to end in them."""
    ends = Counter((works.kind is WorksKind.NEW_BUILD, works.expected_end_on.year) for works in _works(now))
    most = int(stock * PLAUSIBLE_TURNOVER)
    for year in years:
        is_first = year == years[0]
        turnover, waiting = columns.turnover_expected, columns.as_is_assignable
        yield YearForecast(
            year=year,
            turnover_expected=turnover if is_first else min(most, _around(rng, turnover)),
            works_assignable=columns.under_renovation_assignable if is_first else ends[False, year],
            new_build_assignable=columns.new_build_assignable if is_first else ends[True, year],
            as_is_assignable=waiting if is_first else _around(rng, waiting),
            conferred_by_private=columns.conferred_by_private if is_first else 0,
        )


def _programmes(rng: Random, now: Sequence[Moment], years: range) -> Iterator[Programme]:
    grouped: dict[tuple[str, WorksKind, int], list[Works]] = {}
    for works in _works(now):
        if works.expected_end_on.year in years:
            grouped.setdefault((works.programme, works.kind, works.expected_end_on.year), []).append(works)
    for (programme, kind, _), homes in sorted(grouped.items()):
        yield Programme(
            programme_id=programme,
            kind=ProgrammeKind(kind),
            units=len(homes),
            cost_eur=sum((works.cost or _NEW_HOME_EUR for works in homes), Decimal(0)),
            expected_completion_on=max(works.expected_end_on for works in homes),
            financed=rng.random() < _FINANCED,
        )


def _disposals(rng: Random, owner: str, now: Sequence[Moment], years: range) -> Iterator[Disposal]:
    for kind, status in (
        (DisposalKind.SOLD, UnitStatus.IN_DISPOSAL_PLAN),
        (DisposalKind.VALORISED, UnitStatus.VALORISED),
    ):
        if units := sum(moment.status is status for moment in now):
            yield Disposal(
                programme_id=f"SIM-PA-{owner}-{years[0]}-{kind[0]}",
                kind=kind,
                units=units,
                expected_on=date(rng.choice(years), rng.randint(1, 12), 28),
                expected_proceeds_eur=_PROCEEDS_EUR * units if kind is DisposalKind.SOLD else Decimal(0),
                act_reference="simulato",
            )


def _works(now: Sequence[Moment]) -> Iterator[Works]:
    return (moment.works for moment in now if moment.works is not None)


def _around(rng: Random, count: int) -> int:
    """Within a fifth of `count`, rounded by chance so that small counts vary too."""
    return int(count * rng.uniform(0.8, 1.2) + rng.random())
