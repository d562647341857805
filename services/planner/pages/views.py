"""What each public page shows. The page and its stream are made from the same view: they cannot tell two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from markupsafe import Markup

from services.planner.domain.labels import LABELS, STATUS_FIGURES
from services.planner.domain.plan import FigureKey, Plan
from services.planner.domain.publication import EMERGENCY_NEWS, FEW, LEAST_TOLD, is_few, news, news_of, public_actions
from services.planner.domain.rounding import tenths
from shared.events import Measure, PlanRecomputed
from shared.pages import Cell, Column, LiveArea, LiveFigure, MapLabels, live_area, municipal_map
from shared.pages.formats import day, moment, number, thousandths, written
from shared.territory import boundaries
from shared.wording import organisation_name

STATUS_COLUMNS: Final = ("free_assignable", "needing_works", "in_works", "occupied_without_title", "stock_total")
_LEVEL: Final = "(80 su 100)"


class MapFigure(NamedTuple):
    """A figure that the map can show; `classes` are the lowest values of its five colours, in units of `map_values`."""

    figure: str
    choice: str
    one: str
    many: str
    classes: tuple[int, ...]


MapChoice = Literal["assegnabili", "liberi", "da-recuperare", "senza-titolo"]
# The classes never follow the data: a legend must still be true after the page has been updated under it.
MAPS: Final[dict[MapChoice, MapFigure]] = {
    "assegnabili": MapFigure(
        "assignable_mean",
        "Assegnabili nel triennio",
        "alloggi assegnabili nel triennio",  # one tenth of a home is "0,1 alloggi"
        "alloggi assegnabili nel triennio",
        (0, 10, 50, 200, 500),
    ),
    "liberi": MapFigure(
        "free_assignable",
        "Liberi assegnabili",
        "alloggio libero assegnabile",
        "alloggi liberi assegnabili",
        (0, 1, 2, 5, 10),
    ),
    "da-recuperare": MapFigure(
        "needing_works",
        "Da recuperare",
        "alloggio inagibile, da recuperare",
        "alloggi inagibili, da recuperare",
        (0, 1, 3, 10, 30),
    ),
    "senza-titolo": MapFigure(
        "occupied_without_title",
        "Occupati senza titolo",
        "alloggio occupato senza titolo",
        "alloggi occupati senza titolo",
        (0, 1, 2, 5, 10),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The plan as it stands; `homes` are municipalities of the homes it speaks of, `events` its versions, newest first.

    Compared by identity, so that what is made of it can be kept.
    """

    version: int
    hash: str
    plan: Plan
    homes: Mapping[str, str]
    events: Sequence[tuple[datetime, PlanRecomputed]]


class Tile(NamedTuple):
    """A headline figure and the note below it."""

    label: str
    figure: str
    value: int
    text: str
    note: str


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


def ambito_view(front: Front) -> View:
    """The whole ambito; of emergency cases only what `publication` allows."""
    plan = front.plan
    forecasts = [_forecast_tile(plan, None, year) for year in (None, *plan.triennium.years)]
    counts = [_count_tile(plan, None, figure) for figure in ("free_assignable", "needing_works", "in_works")]
    columns = [
        Column("Comune"),
        Column("Assegnabili nel triennio", "thousandths"),
        Column(f"Intervallo {_LEVEL}", "span"),
    ]
    table = Table(
        "Comune per comune",
        [*columns, *(Column(_short(figure), "number") for figure in STATUS_COLUMNS)],
        [_place_row(plan, istat) for istat in sorted(plan.names, key=lambda istat: plan.names[istat])],
        _place_row(plan, None),
    )
    told = [News(event.version, moment(at), line) for at, event in front.events for line in news(event, plan.names)]
    # Told once: a line for each change of a case would count the cases.
    latest = next((item for item in told if item.text == EMERGENCY_NEWS), None)
    told = [item for item in told if item.text != EMERGENCY_NEWS or item is latest]
    actions = public_actions(plan, front.homes)
    return View([*forecasts, *counts, _cases_tile(plan)], [table], _marks(front), told, {"azioni": actions})


def municipality_view(front: Front, istat: str) -> View:
    """One municipality, by owner; nothing of its emergency cases."""
    plan = front.plan
    owners = (None, *sorted({key.owner for key in plan.figures if key.municipality == istat and key.owner}))
    counts = [_count_tile(plan, istat, figure) for figure in ("free_assignable", "needing_works", "in_works")]
    told = [
        News(event.version, moment(at), line)
        for at, event in front.events
        for line in news_of(istat, event, plan.names)
    ]
    assignable = _forecast_table(plan, istat, owners, "assignable", "Alloggi che si potranno assegnare")
    tables = [
        _with_declarations(assignable, plan, istat, owners),
        _forecast_table(plan, istat, owners, "turnover", "Alloggi che si libereranno"),
        _stock_table(plan, istat, owners),
    ]
    return View([_forecast_tile(plan, istat, None), *counts], tables, _marks(front), told)


def map_labels(choice: MapFigure) -> MapLabels:
    title = f"{choice.many[0].upper()}{choice.many[1:]}, comune per comune"
    in_tenths = LABELS[choice.figure].measure is Measure.THOUSANDTHS
    return MapLabels(
        id="mappa",
        title=title,
        description=f"Carta dei comuni dell'ambito: più scuro il colore, più {choice.many}. I dati sono nella tabella.",
        one=choice.one,
        many=choice.many,
        number=_of_tenths if in_tenths else number,
    )


def map_values(plan: Plan, choice: MapFigure) -> tuple[tuple[str, int], ...]:
    """What the map shows of each municipality: a count, or tenths of a home."""
    in_tenths = LABELS[choice.figure].measure is Measure.THOUSANDTHS
    values = {istat: plan.figures[FigureKey(istat, None, choice.figure, None)] for istat in plan.names}
    return tuple((istat, tenths(value) if in_tenths else value) for istat, value in values.items())


@lru_cache(maxsize=64)
def draw(ambito_code: str, choice: MapFigure, values: tuple[tuple[str, int], ...], selected: str | None) -> Markup:
    """The map; kept, because drawing takes longer than everything else and most new plans leave it as it is."""
    return municipal_map(
        boundaries(ambito_code),
        dict(values),
        choice.classes,
        map_labels(choice),
        selected=selected,
        link=lambda istat: address_of(ambito_code, istat),
    )


def map_areas(plan: Plan, choice: MapFigure) -> list[LiveArea]:
    labels = map_labels(choice)
    return [
        live_area(istat, plan.names[istat], value, choice.classes, labels) for istat, value in map_values(plan, choice)
    ]


def address_of(ambito_code: str, istat: str) -> str:
    return f"/ambiti/{ambito_code}/comuni/{istat}"


def owner_name(owner: str | None, names: Mapping[str, str]) -> str:
    if owner is None:
        return "Tutti i proprietari"
    return organisation_name(owner, names).removeprefix("il ")


def _of_tenths(value: int) -> str:
    return thousandths(value * 100)


def _place(istat: str | None, owner: str | None, figure: str, year: int | None) -> str:
    """The figure's key as the plan's canonical content writes it."""
    return f"{istat or ''}/{owner or ''}/{figure}/{year or ''}"


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


def _forecast_tile(plan: Plan, istat: str | None, year: int | None) -> Tile:
    key = FigureKey(istat, None, "assignable_mean", year)
    low, high = (plan.figures[key._replace(figure=f"assignable_{end}")] for end in ("low", "high"))
    label = "Assegnabili nel triennio" if year is None else f"Assegnabili nel {year}"
    mean = plan.figures[key]
    return Tile(label, _place(*key), mean, thousandths(mean), f"da {number(low)} a {number(high)} {_LEVEL}")


def _count_tile(plan: Plan, istat: str | None, figure: str) -> Tile:
    value = plan.figures[FigureKey(istat, None, figure, None)]
    return Tile(_short(figure), _place(istat, None, figure, None), value, number(value), _TILE_NOTES[figure])


_TILE_NOTES: Final = {
    "free_assignable": "alloggi, adesso",
    "needing_works": "alloggi inagibili, adesso",
    "in_works": "alloggi, adesso",
}


def _cases_tile(plan: Plan) -> Tile:
    key = FigureKey(None, None, "open_cases", None)
    count, actions = plan.figures[key], plan.figures[key._replace(figure="emergency_actions")]
    place = _place(*key)
    if is_few(count):
        return Tile("Casi di emergenza aperti", place, LEAST_TOLD - 1, FEW, "azioni proposte non pubblicate")
    proposed = "1 azione proposta" if actions == 1 else f"{number(actions)} azioni proposte"
    return Tile("Casi di emergenza aperti", place, count, number(count), proposed)


def _short(figure: str) -> str:
    """`Liberi assegnabili` for `Alloggi liberi assegnabili`; the column or tile says elsewhere that they are homes."""
    return _SHORT.get(figure) or LABELS[figure].overall.removeprefix("Alloggi ").capitalize()


_SHORT: Final = {"needing_works": "Da recuperare", "in_works": "In lavori"}


def _place_row(plan: Plan, istat: str | None) -> list[Cell]:
    name = Cell("Intero ambito") if istat is None else Cell(plan.names[istat], href=address_of(plan.ambito, istat))
    counts = [_cell(plan, istat, None, figure, None) for figure in STATUS_COLUMNS]
    return [name, _cell(plan, istat, None, "assignable_mean", None), _span(plan, istat, None, "assignable"), *counts]


def _cell(plan: Plan, istat: str | None, owner: str | None, figure: str, year: int | None) -> Cell:
    """What is not in the plan is nothing of that kind: it holds no zeros for owners."""
    value = plan.figures.get(FigureKey(istat, owner, figure, year), 0)
    return Cell(value, figure=_place(istat, owner, figure, year))


def _span(plan: Plan, istat: str | None, owner: str | None, what: str) -> Cell:
    low, high = (plan.figures.get(FigureKey(istat, owner, f"{what}_{end}", None), 0) for end in ("low", "high"))
    return Cell((low, high), figure=_place(istat, owner, f"{what}_span", None))


def _forecast_table(plan: Plan, istat: str, owners: Sequence[str | None], what: str, caption: str) -> Table:
    years = plan.triennium.years
    columns = [
        Column("Proprietà"),
        *(Column(str(year), "thousandths") for year in years),
        Column("Triennio", "thousandths"),
        Column(f"Triennio, intervallo {_LEVEL}", "span"),
    ]
    rows = [
        [
            Cell(owner_name(owner, plan.names)),
            *(_cell(plan, istat, owner, f"{what}_mean", year) for year in (*years, None)),
            _span(plan, istat, owner, what),
        ]
        for owner in owners
    ]
    return Table(f"{caption}: previsione", columns, rows)


def _with_declarations(table: Table, plan: Plan, istat: str, owners: Sequence[str | None]) -> Table:
    """Beside what the model says, what each owner declared last, and for which year."""
    latest: dict[str | None, FigureKey] = {}
    declared = [k for k in plan.figures if (k.municipality, k.figure) == (istat, "declared_assignable_total")]
    for key in sorted(declared, key=lambda key: key.year or 0):
        latest[key.owner] = key
    rows = [[*row, _declared(plan, latest.get(owner))] for row, owner in zip(table.rows, owners, strict=True)]
    return table._replace(columns=[*table.columns, Column("Dichiarati dai proprietari", "number")], rows=rows)


def _declared(plan: Plan, key: FigureKey | None) -> Cell:
    if key is None:
        return Cell(None)
    return Cell(plan.figures[key], figure=_place(*key), note=f"per il {key.year}")


def _stock_table(plan: Plan, istat: str, owners: Sequence[str | None]) -> Table:
    figures = (*STATUS_FIGURES.values(), "in_construction")
    columns = [Column("Stato"), *(Column(owner_name(owner, plan.names), "number") for owner in owners)]
    rows = [[Cell(_short(f)), *(_cell(plan, istat, owner, f, None) for owner in owners)] for f in figures]
    total = [Cell("In patrimonio"), *(_cell(plan, istat, owner, "stock_total", None) for owner in owners)]
    return Table("Alloggi di oggi, per stato e proprietà", columns, rows, total)
