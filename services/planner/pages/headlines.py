"""The headline of a page: supply with its bands, homes by state, need and coverage, emergency cases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from services.planner.document.drawings import Bar, bar_chart
from services.planner.document.model import Span
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import is_few, step_of
from services.planner.pages.addresses import Addresses
from services.planner.pages.blocks import Chart, chart_of
from services.planner.pages.words import in_steps, level, short, tile_note
from shared.events import Measure
from shared.pages import say
from shared.pages.formats import number, percent, thousandths


class Tile(NamedTuple):
    """A headline figure and the note below it."""

    label: str
    figure: str
    value: int
    text: str
    note: str
    href: str


def forecast_tile(plan: Plan, istat: str | None, year: int | None, at: Addresses) -> Tile:
    key = FigureKey(istat, None, "assignable_mean", year)
    when = say("nel triennio", "in the three years") if year is None else say(f"nel {year}", f"in {year}")
    label = say("Assegnabili ", "To be assigned ") + when
    mean = plan.figures[key]
    return Tile(label, place_of(*key), mean, thousandths(mean), _band(plan, key, "assignable"), at.figure(key.id))


def _band(plan: Plan, key: FigureKey, what: str) -> str:
    low, high = (plan.figures[key._replace(figure=f"{what}_{end}")] for end in ("low", "high"))
    return say(f"da {number(low)} a {number(high)} {level()}", f"from {number(low)} to {number(high)} {level()}")


def count_tile(plan: Plan, istat: str | None, figure: str, at: Addresses) -> Tile:
    key = FigureKey(istat, None, figure, None)
    value, note = plan.figures[key], tile_note(figure, is_now=at.days.is_now)
    return Tile(short(figure), place_of(*key), value, number(value), note, at.figure(key.id))


def need_tiles(shared: Plan, istat: str | None, at: Addresses) -> Iterator[Tile]:
    """Need and its coverage, if a plan as everybody may read it tells them."""
    need, coverage = (FigureKey(istat, None, name, None) for name in ("need_3y", "coverage"))
    if need not in shared.figures:
        return
    value = shared.figures[need]
    label = say("Famiglie in fabbisogno nel triennio", "Households in need in the three years")
    note = say("almeno; ", "at least; ") + _band(shared, need, "need_3y")
    yield Tile(label, place_of(*need), value, number(value // 1000), note, at.figure(need.id))
    if (share := shared.figures.get(coverage)) is not None:
        label = say("Fabbisogno coperto dall’offerta", "Need covered by the supply")
        note = say("al più; alloggi per famiglia", "at most; homes for each household")
        yield Tile(label, place_of(*coverage), share, percent(Decimal(share) / 1000), note, at.figure(coverage.id))


def cases_tile(plan: Plan, at: Addresses) -> Tile:
    key = FigureKey(None, None, "open_cases", None)
    count = plan.figures[key]
    label, place, href = say("Casi di emergenza aperti", "Open emergency cases"), place_of(*key), at.to("emergenza")
    hidden = say("azioni proposte non pubblicate", "proposed actions not published")
    note = hidden if is_few(count) else say("a gruppi di cinque", "in steps of five")
    return Tile(label, place, step_of(count), in_steps(count), note, href)


def supply_chart(plan: Plan, version: int) -> Chart:
    """Homes to be assigned by year, from zero, each with the interval it may lie in; of its version, as it says."""
    keys = [FigureKey(None, None, "assignable_mean", year) for year in plan.triennium.years]
    bars = [Bar(str(key.year), plan.figures[key], _span(plan, key)) for key in keys]
    caption = f"Alloggi assegnabili per anno, versione {version}"
    return chart_of(bar_chart(caption, bars, Measure.THOUSANDTHS, "alloggi, con l’intervallo"))


def _span(plan: Plan, key: FigureKey) -> Span:
    low, high = (plan.figures[key._replace(figure=f"assignable_{end}")] for end in ("low", "high"))
    return Span(low, high)


def place_of(istat: str | None, owner: str | None, figure: str, year: int | None) -> str:
    """The figure's key as the plan's canonical content writes it."""
    return f"{istat or ''}/{owner or ''}/{figure}/{year or ''}"
