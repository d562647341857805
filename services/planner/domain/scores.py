"""Verifica della previsione (planner.md, 7): every closed year forecast again from what lay before it, and scored.

What is scored are exits, homes given back, by municipality and in the ambito. The model is asked on the year's first
day with the quarters before it, as they are known now; beside it stand "same as last year", the exits of the year
before taken for the mean of a Poisson count, and what the owners had declared. All are judged by the same loss. A loss
is rounded once, to thousandths of a home, and everything larger is a sum of those.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.planner.domain.formulas import FORECAST_SOURCE, Formula
from services.planner.domain.rounding import half_up
from services.planner.domain.supply.counts import BAND, LEVELS, gamma_poisson
from services.planner.domain.supply.occupancy import Occupancy, PlaceQuarter, pasts
from services.planner.domain.supply.scoring import outcome
from services.planner.domain.supply.turnover import Expectation, Window, forecast_turnover

QUARTERS = 4
LEVEL_THOUSANDTHS = tuple([int(1000 * level + 0.5) for level in LEVELS])
History = Mapping[PlaceQuarter[int], Occupancy]
"""Cells by (municipality, owner, size class, quarter)."""
DeclaredTurnover = Mapping[tuple[int, str, str], int]
"""Expected in the year after the cycle's, by (cycle year, owner, municipality)."""

FORMULAS = {
    "loss": Formula(
        "pinball_loss",
        "Perdita: a ogni livello della previsione, gli alloggi di scarto dalle uscite vere, pesati con il livello se "
        "sono di più e con il suo complemento a uno se sono di meno; media sui nove livelli pubblicati.",
        FORECAST_SOURCE,
    ),
    "held": Formula(
        "randomised_pit",
        "Tenuta della fascia: probabilità che le uscite vere stiano nella fascia dell’80 %, i valori sul bordo per la "
        "loro parte; su molte previsioni la media dev’essere 0,8.",
        FORECAST_SOURCE,
    ),
    "last_year_loss": Formula(
        "same_as_last_year",
        "Perdita di «come l’anno prima»: le uscite dell’anno precedente, prese per media di un conteggio di Poisson.",
        FORECAST_SOURCE,
    ),
    "declared_loss": Formula(
        "declared_turnover",
        "Perdita del dichiarato: la somma del turnover atteso dagli enti nel ciclo dell’anno prima, un numero senza "
        "fascia; solo se hanno dichiarato tutti gli enti con alloggi occupati.",
        "Comunicazione regionale 45 del 2 aprile 2019, colonna e",
        ("submission_deadline",),
    ),
}
"""By field of `YearScore`."""


class YearScore(NamedTuple):
    """Verifica di un anno chiuso: what was forecast of its exits, and what came; no municipality means the ambito.

    `mean`, `held` (the chance that the transform lies in the 80 % band, which reaches from `low` to `high`) and the
    losses are thousandths, of a home or of 1; everything else is in homes.
    """

    municipality: str | None
    year: int
    exits: int
    mean: int
    low: int
    high: int
    held: int
    loss: int
    last_year: int
    last_year_loss: int
    declared: int | None
    declared_loss: int | None


class Record(NamedTuple):
    """Bilancio delle verifiche: sums over some `forecasts`, in the units of `YearScore`.

    `declared_loss` is over those with a declaration beside them, and `loss_beside_declared` the model's over the same.
    """

    forecasts: int
    held: int
    width: int
    loss: int
    last_year_loss: int
    declared: int
    declared_loss: int
    loss_beside_declared: int

    @property
    def held_mean(self) -> int | None:
        """Thousandths of 1: 800 would be right."""
        return half_up(self.held, self.forecasts) if self.forecasts else None

    @property
    def skill(self) -> int | None:
        """Thousandths of the loss of "same as last year" that the model avoids; None where that one lost nothing."""
        lost = self.last_year_loss
        return half_up(1000 * (lost - self.loss), lost) if lost else None


class Scores(NamedTuple):
    """Verifiche degli anni chiusi: year by year, and the record of each municipality and of the ambito (None).

    `one_by_one` is the record of all municipalities' forecasts, each for itself.
    """

    years: tuple[YearScore, ...]
    records: Mapping[str | None, Record]
    one_by_one: Record


def scores_of(history: History, declared: DeclaredTurnover, on: date) -> Scores:
    """Of every calendar year that is over on the reference date."""
    years = [score for year in closed_years(history, on) for score in year_scores(history, declared, year)]
    of_scope: dict[str | None, list[YearScore]] = defaultdict(list)
    for score in years:
        of_scope[score.municipality].append(score)
    records = {scope: record_of(found) for scope, found in of_scope.items()}
    return Scores(tuple(years), records, record_of([score for score in years if score.municipality is not None]))


def closed_years(history: History, on: date) -> range:
    """Anni chiusi: those with all quarters before the reference date, and a whole year known before them."""
    first = min((quarter for *_, quarter in history), default=QUARTERS * on.year)
    return range(first_scored_year(first), on.year)


def first_scored_year(quarter: int) -> int:
    """The year after the first whole year of a past that begins in a quarter."""
    return -(-quarter // QUARTERS) + 1


def year_scores(history: History, declared: DeclaredTurnover, year: int) -> Iterator[YearScore]:
    """The ambito's, and those of the municipalities known for a whole year before, by their code."""
    begins_on = date(year, 1, 1)
    before = {key: cell for key, cell in history.items() if key[3] < QUARTERS * year}
    ahead = forecast_turnover(before, begins_on, [Window(begins_on, date(year + 1, 1, 1))])
    came, last = exits_in(history, year), exits_in(history, year - 1)
    said = declared_for(year, before, declared)
    yield score_of(None, year, ahead.ambito[0], came.total(), last.total(), said.get(None))
    begun: dict[str, int] = {}
    for municipality, _, _, quarter in before:
        begun[municipality] = min(quarter, begun.get(municipality, quarter))
    for name in sorted(begun):
        if first_scored_year(begun[name]) <= year:
            yield score_of(name, year, ahead.municipalities[name][0], came[name], last[name], said.get(name))


def score_of(
    municipality: str | None, year: int, forecast: Expectation, exits: int, last_year: int, declared: int | None
) -> YearScore:
    """A declaration is a number without a band: every quantile of it is that number."""
    found = outcome(forecast.distribution(), exits)
    low, high = (found.quantiles[LEVELS.index(level)] for level in BAND)
    return YearScore(
        municipality=municipality,
        year=year,
        exits=exits,
        mean=forecast.mean,
        low=low,
        high=high,
        held=thousandths(found.held_share(BAND)),
        loss=loss_of(found.quantiles, exits),
        last_year=last_year,
        last_year_loss=loss_of(gamma_poisson(last_year, 0.0).quantiles(), exits),
        declared=declared,
        declared_loss=None if declared is None else loss_of((declared,) * len(LEVELS), exits),
    )


def loss_of(quantiles: Sequence[int], exits: int) -> int:
    """The pinball loss of `supply.scoring` in whole numbers: thousandths of a home, rounded half up."""
    losses = [
        (exits - quantile) * level if exits >= quantile else (quantile - exits) * (1000 - level)
        for level, quantile in zip(LEVEL_THOUSANDTHS, quantiles, strict=True)
    ]
    return half_up(sum(losses), len(losses))


def thousandths(share: float) -> int:
    """Rounded half up from the exact value of the number."""
    numerator, denominator = share.as_integer_ratio()
    return half_up(1000 * numerator, denominator)


def exits_in(history: History, year: int) -> Counter[str]:
    """Homes given back in a calendar year, by municipality."""
    found: Counter[str] = Counter()
    for (municipality, _, _, quarter), cell in history.items():
        if quarter // QUARTERS == year:
            found[municipality] += cell.exits
    return found


def declared_for(year: int, before: History, declared: DeclaredTurnover) -> dict[str | None, int]:
    """Turnover atteso dichiarato per un anno, of municipalities all of whose owners have declared.

    Owners count who had homes let when the year began. The ambito's is told if every such municipality's is: a sum over
    some is not comparable with what came in all.
    """
    owing: dict[str, set[str]] = defaultdict(set)
    for (municipality, owner, _), past in pasts(before, date(year, 1, 1)).items():
        if past.occupied > 0:
            owing[municipality].add(owner)
    for cycle_year, owner, municipality in declared:
        if cycle_year == year - 1:
            owing[municipality].discard(owner)
    found: dict[str | None, int] = defaultdict(int)
    for (cycle_year, _, municipality), turnover in declared.items():
        if cycle_year == year - 1 and not owing[municipality]:
            found[municipality] += turnover
    if found and not any(owing.values()):
        found[None] = sum(found.values())
    return found


def record_of(scores: Iterable[YearScore]) -> Record:
    every = list(scores)
    beside = [score for score in every if score.declared_loss is not None]
    return Record(
        forecasts=len(every),
        held=sum([score.held for score in every]),
        width=sum([score.high - score.low for score in every]),
        loss=sum([score.loss for score in every]),
        last_year_loss=sum([score.last_year_loss for score in every]),
        declared=len(beside),
        declared_loss=sum([score.declared_loss or 0 for score in beside]),
        loss_beside_declared=sum([score.loss for score in beside]),
    )
