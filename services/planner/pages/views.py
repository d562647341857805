"""What each public page shows. The page and its stream are made from the same view: they cannot tell two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from markupsafe import Markup

from services.planner.domain.labels import LABELS, STATUS_FIGURES
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import EMERGENCY_NEWS, news, news_of, public_actions
from services.planner.domain.rounding import tenths
from services.planner.domain.withholding import told
from services.planner.pages.addresses import Addresses
from services.planner.pages.headlines import Tile, cases_tile, count_tile, forecast_tile, need_tiles, place_of
from services.planner.pages.words import MapFigure, level, short
from shared.events import Measure, PlanRecomputed
from shared.pages import (
    Cell,
    Column,
    LiveArea,
    LiveFigure,
    MapLabels,
    Spoken,
    live_area,
    municipal_map,
    say,
    speaking,
    spoken,
)
from shared.pages.formats import day, moment, number, thousandths, written
from shared.territory import boundaries
from shared.wording import organisation_name

STATUS_COLUMNS: Final = ("free_assignable", "needing_works", "in_works", "occupied_without_title", "stock_total")


@dataclass(frozen=True, eq=False)
class Front:
    """The plan as it stands; `events` are its versions, newest first.

    Compared by identity, so that what is made of it can be kept.
    """

    version: int
    hash: str
    plan: Plan
    events: Sequence[tuple[datetime, PlanRecomputed]]

    @cached_property
    def told(self) -> Plan:
        """As everybody may read it: worked out once, for however many municipalities are looked at."""
        return told(self.plan)


class Table(NamedTuple):
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None


class News(NamedTuple):
    """What a version brought, in words."""

    version: int
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """The parts of a page that follow the plan; `marks` say which plan this is, `news` come newest first."""

    tiles: Sequence[Tile]
    tables: Sequence[Table]
    marks: Mapping[str, str]
    news: Sequence[News]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def figures(self) -> dict[str, LiveFigure]:
        """Everything on the page that has a number, by its place."""
        found = {tile.figure: LiveFigure(tile.value, tile.text) for tile in self.tiles}
        found |= {f"{tile.figure}note": LiveFigure(0, tile.note) for tile in self.tiles}
        found |= {mark: LiveFigure(0, text) for mark, text in self.marks.items()}
        return found | {place: live for table in self.tables for place, live in _cells(table)}


def ambito_view(front: Front, at: Addresses | None = None) -> View:
    """The whole ambito; of emergency cases only what `publication` allows."""
    plan = front.plan
    at = at or Addresses(plan.ambito)
    forecasts = [forecast_tile(plan, None, year, at) for year in (None, *plan.triennium.years)]
    counts = [count_tile(plan, None, figure, at) for figure in ("free_assignable", "needing_works", "in_works")]
    columns = [
        Column(say("Comune", "Municipality")),
        Column(say("Assegnabili nel triennio", "To be assigned in the three years"), "thousandths"),
        Column(say("Intervallo ", "Interval ") + level(), "span"),
    ]
    table = Table(
        say("Comune per comune", "Municipality by municipality"),
        [*columns, *(Column(short(figure), "number") for figure in STATUS_COLUMNS)],
        [_place_row(plan, istat, at) for istat in sorted(plan.names, key=lambda istat: plan.names[istat])],
        _place_row(plan, None, at),
    )
    items = [_told(event, at, line) for at, event in front.events for line in news(event, plan.names)]
    # Told once: a line for each change of a case would count the cases.
    latest = next((item for item in items if item.text == EMERGENCY_NEWS), None)
    items = [item for item in items if item.text != EMERGENCY_NEWS or item is latest]
    actions = public_actions(plan)
    tiles = [*forecasts, *counts, *need_tiles(front.told, None, at), cases_tile(plan, at)]
    return View(tiles, [table], _marks(front), items, {"azioni": actions})


def municipality_view(front: Front, istat: str, at: Addresses | None = None) -> View:
    """One municipality, by owner; nothing of its emergency cases."""
    plan = front.plan
    at = at or Addresses(plan.ambito)
    owners = (None, *sorted({key.owner for key in plan.figures if key.municipality == istat and key.owner}))
    counts = [count_tile(plan, istat, figure, at) for figure in ("free_assignable", "needing_works", "in_works")]
    items = [_told(event, at, line) for at, event in front.events for line in news_of(istat, event, plan.names)]
    assignable = _forecast_table(
        plan, istat, owners, at, "assignable", say("Alloggi che si potranno assegnare", "Homes to be assigned")
    )
    tables = [
        _with_declarations(assignable, plan, istat, owners, at),
        _forecast_table(plan, istat, owners, at, "turnover", say("Alloggi che si libereranno", "Homes to become free")),
        _stock_table(plan, istat, owners, at),
    ]
    tiles = [forecast_tile(plan, istat, None, at), *counts, *need_tiles(front.told, istat, at)]
    return View(tiles, tables, _marks(front), items)


def _told(event: PlanRecomputed, at: datetime, line: str) -> News:
    """Reasons are told as they were published: in Italian, the day too."""
    with speaking(Spoken()):
        return News(event.version, moment(at), line)


def map_labels(choice: MapFigure) -> MapLabels:
    one, many = (text.read_in(spoken().language) for text in (choice.one, choice.many))
    in_tenths = LABELS[choice.figure].measure is Measure.THOUSANDTHS
    return MapLabels(
        id="mappa",
        title=f"{many[0].upper()}{many[1:]}, {say('comune per comune', 'municipality by municipality')}",
        description=say(
            f"Carta dei comuni dell’ambito: più scuro il colore, più {many}. I dati sono nella tabella.",
            f"Map of the ambito’s municipalities: the darker, the more {many}. The data are in the table.",
        ),
        one=one,
        many=many,
        number=_of_tenths if in_tenths else number,
    )


def map_values(plan: Plan, choice: MapFigure) -> tuple[tuple[str, int], ...]:
    """What the map shows of each municipality: a count, or tenths of a home."""
    in_tenths = LABELS[choice.figure].measure is Measure.THOUSANDTHS
    values = {istat: plan.figures[FigureKey(istat, None, choice.figure, None)] for istat in plan.names}
    return tuple((istat, tenths(value) if in_tenths else value) for istat, value in values.items())


@lru_cache(maxsize=64)
def draw(
    ambito_code: str,
    choice: MapFigure,
    values: tuple[tuple[str, int], ...],
    selected: str | None,
    at: Addresses,
    _spoken: Spoken,
) -> Markup:
    """The map; kept, because drawing takes longer than everything else and most new plans leave it as it is."""
    return municipal_map(
        boundaries(ambito_code),
        dict(values),
        choice.classes,
        map_labels(choice),
        selected=selected,
        link=at.municipality,
    )


def map_areas(plan: Plan, choice: MapFigure) -> list[LiveArea]:
    labels = map_labels(choice)
    return [
        live_area(istat, plan.names[istat], value, choice.classes, labels) for istat, value in map_values(plan, choice)
    ]


def owner_name(owner: str | None, names: Mapping[str, str]) -> str:
    if owner is None:
        return say("Tutti i proprietari", "All owners")
    return organisation_name(owner, names).removeprefix("il ")


def _of_tenths(value: int) -> str:
    return thousandths(value * 100)


def _marks(front: Front) -> dict[str, str]:
    return {
        "versione": number(front.version),
        "impronta": front.hash[:12],
        "riferimento": day(front.plan.reference_on),
    }


def _cells(table: Table) -> Iterator[tuple[str, LiveFigure]]:
    for row in (*table.rows, *([table.total] if table.total else [])):
        for column, cell in zip(table.columns, row, strict=True):
            if cell.figure and cell.value is not None:
                yield cell.figure, LiveFigure(cell.level, written(cell.value, column.kind))


def _place_row(plan: Plan, istat: str | None, at: Addresses) -> list[Cell]:
    name = (
        Cell(say("Intero ambito", "Whole ambito"))
        if istat is None
        else Cell(plan.names[istat], href=at.municipality(istat))
    )
    counts = [_cell(plan, at, istat, None, figure, None) for figure in STATUS_COLUMNS]
    return [
        name,
        _cell(plan, at, istat, None, "assignable_mean", None),
        _span(plan, istat, None, "assignable"),
        *counts,
    ]


def _cell(plan: Plan, at: Addresses, istat: str | None, owner: str | None, figure: str, year: int | None) -> Cell:
    """What is not in the plan is nothing of that kind: it holds no zeros for owners, and no page."""
    key = FigureKey(istat, owner, figure, year)
    href = at.figure(key.id) if key in plan.figures else None
    return Cell(plan.figures.get(key, 0), href=href, figure=place_of(*key))


def _span(plan: Plan, istat: str | None, owner: str | None, what: str) -> Cell:
    low, high = (plan.figures.get(FigureKey(istat, owner, f"{what}_{end}", None), 0) for end in ("low", "high"))
    return Cell((low, high), figure=place_of(istat, owner, f"{what}_span", None))


def _forecast_table(
    plan: Plan, istat: str, owners: Sequence[str | None], at: Addresses, what: str, caption: str
) -> Table:
    years = plan.triennium.years
    columns = [
        Column(say("Proprietà", "Owner")),
        *(Column(str(year), "thousandths") for year in years),
        Column(say("Triennio", "Three years"), "thousandths"),
        Column(say("Triennio, intervallo ", "Three years, interval ") + level(), "span"),
    ]
    rows = [
        [
            Cell(owner_name(owner, plan.names), href=at.owner(owner) if owner else None),
            *(_cell(plan, at, istat, owner, f"{what}_mean", year) for year in (*years, None)),
            _span(plan, istat, owner, what),
        ]
        for owner in owners
    ]
    return Table(caption + say(": previsione", ": forecast"), columns, rows)


def _with_declarations(table: Table, plan: Plan, istat: str, owners: Sequence[str | None], at: Addresses) -> Table:
    """Beside what the model says, what each owner declared last, and for which year."""
    latest: dict[str | None, FigureKey] = {}
    declared = [k for k in plan.figures if (k.municipality, k.figure) == (istat, "declared_assignable_total")]
    for key in sorted(declared, key=lambda key: key.year or 0):
        latest[key.owner] = key
    rows = [[*row, _declared(plan, latest.get(owner), at)] for row, owner in zip(table.rows, owners, strict=True)]
    return table._replace(
        columns=[*table.columns, Column(say("Dichiarati dai proprietari", "Declared by the owners"), "number")],
        rows=rows,
    )


def _declared(plan: Plan, key: FigureKey | None, at: Addresses) -> Cell:
    if key is None:
        return Cell(None)
    return Cell(
        plan.figures[key],
        href=at.figure(key.id),
        figure=place_of(*key),
        note=say(f"per il {key.year}", f"for {key.year}"),
    )


def _stock_table(plan: Plan, istat: str, owners: Sequence[str | None], at: Addresses) -> Table:
    figures = (*STATUS_FIGURES.values(), "in_construction")
    columns = [Column(say("Stato", "State")), *(Column(owner_name(owner, plan.names), "number") for owner in owners)]
    rows = [[Cell(short(f)), *(_cell(plan, at, istat, owner, f, None) for owner in owners)] for f in figures]
    total = [Cell(short("stock_total")), *(_cell(plan, at, istat, owner, "stock_total", None) for owner in owners)]
    caption = say("Alloggi per stato e proprietà", "Homes, by state and owner")
    if at.days.is_now:
        caption = say("Alloggi di oggi, per stato e proprietà", "Homes today, by state and owner")
    return Table(caption, columns, rows, total)
