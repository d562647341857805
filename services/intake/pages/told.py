"""A declaration as it was received, in tables, and what it lacks in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.intake.api.submissions import Submission
from services.intake.pages import fields as known
from services.intake.pages.declarations import Table
from services.intake.pages.fields import Field, Kind
from services.intake.pages.typed import shown, typed_of
from shared.events import AnnualColumns, HousingNeed, SubmissionReceived, YearForecast
from shared.pages import Cell, Column, say, spoken
from shared.pages.formats import number
from shared.pages.layout import ColumnType
from shared.problem_texts import Text

KINDS: Final[Mapping[Kind, ColumnType]] = {"count": "number", "euro": "euros", "day": "day"}


def tables_of(submission: Submission) -> Iterator[Table]:
    """What was declared, part by part; of a part that was not answered there is none."""
    said = submission.declaration
    if said.columns is not None:
        yield _columns(said.columns)
    if submission.quotas is not None:
        yield _quotas(submission)
    if said.forecast:
        yield _forecast(said.forecast)
    if said.need is not None:
        yield _need(said.need)
    for part in known.ROWS:
        if (listed := getattr(said, part.name)) is not None:
            columns = [Column(_said(field.label), KINDS.get(field.kind, "text")) for field in part.fields]
            rows = [[_cell(getattr(row, field.name), field) for field in part.fields] for row in listed]
            yield Table(_said(part.title), columns, rows)
    for lines in known.LINES:
        if (sentences := getattr(said, lines.name)) is not None:
            yield Table(_said(lines.title), [Column(_said(lines.title))], [[Cell(line)] for line in sentences])
    if said.confirmations:
        yield _confirmations(said)


def missing_words(missing: Sequence[str]) -> list[str]:
    """`previsione per gli anni del triennio: 2028` for `forecast.2028`."""
    return [_missing(*name.partition(".")[::2]) for name in missing]


def _missing(part: str, rest: str) -> str:
    field = known.field_of(part, rest)
    title = _said(known.TITLES[part])
    if not rest:
        return title
    return f"{title}: {_said(field.label) if field else rest}"


def cell_name(path: str) -> str:
    """`Già liberi, colonna e`."""
    return ", ".join(_said(word) for word in known.cell_words(path))


def _columns(columns: AnnualColumns) -> Table:
    heads = [Column(say("Colonna", "Column")), Column(say("Dichiarato", "Declared"), "shown")]
    rows = [
        [Cell(f"{field.letter}. {_said(field.label).removesuffix(', %')}"), Cell(_column(value, field))]
        for field in known.COLUMNS
        if (value := getattr(columns, field.name)) is not None
    ]
    return Table(_said(known.TITLES["columns"]), heads, rows)


def _quotas(submission: Submission) -> Table:
    quotas = submission.quotas
    assert quotas is not None
    heads = [Column(say("Quota", "Share")), Column(say("Alloggi", "Homes"), "number")]
    rows = [
        [Cell(say("Almeno, per nuclei indigenti", "At least, for indigent households")), Cell(quotas.indigence_units)],
        [Cell(say("Al massimo, per le forze", "At most, for the forces")), Cell(quotas.forces_units)],
        [
            Cell(say("Al massimo, per la polizia locale", "At most, for the local police")),
            Cell(quotas.local_police_units),
        ],
        [
            Cell(say("Al massimo, per altre categorie", "At most, for other categories")),
            Cell(quotas.extra_category_units),
        ],
    ]
    return Table(say("Quanti alloggi fanno le quote", "What the shares come to in homes"), heads, rows)


def _forecast(years: Sequence[YearForecast]) -> Table:
    heads = [Column(say("Alloggi", "Homes")), *(Column(str(year.year), "number") for year in years)]
    rows = [[Cell(_said(field.label)), *(Cell(getattr(year, field.name)) for year in years)] for field in known.YEAR]
    return Table(_said(known.FORECAST), heads, rows)


def _need(need: HousingNeed) -> Table:
    heads = [
        Column(say("Nuclei e domande", "Households and applications")),
        Column(say("Dichiarato", "Declared"), "number"),
    ]
    rows = [[Cell(_said(field.label)), Cell(getattr(need, field.name), instead="–")] for field in known.NEED]
    split = need.by_household_size or ()
    rows += [[Cell(_said(size.label)), Cell(count)] for size, count in zip(known.SIZES, split, strict=False)]
    return Table(_said(known.NEED_TITLE), heads, rows)


def _confirmations(said: SubmissionReceived) -> Table:
    heads = [Column(say("Valore insolito", "Unusual value")), Column(say("Perché è giusto", "Why it is right"))]
    rows = [[Cell(_pointed(said, one.field)), Cell(one.reason)] for one in said.confirmations]
    return Table(say("Conferme", "Confirmations"), heads, rows)


def _pointed(said: SubmissionReceived, pointer: str) -> str:
    """`Previsione per gli anni del triennio, 2029: Attesi dal turnover` for `/forecast/2/turnover_expected`.

    Whoever confirms may name any place: one that the form does not know is told as it was named.
    """
    part, *rest = typed_of(said).names.get(pointer, pointer.strip("/").replace("/", "-")).split("-")
    field = known.field_of(part, rest[-1]) if rest else None
    between = rest[:-1] if field else rest
    rows = (str(int(one) + 1) if one.isdecimal() and len(one) < 3 else one for one in between)
    where = ", ".join([_said(known.TITLES[part]) if part in known.TITLES else part, *rows])
    return f"{where}: {_said(field.label)}" if field else where


def _cell(value: Any, field: Field) -> Cell:
    """As a person reads it."""
    if field.kind == "flag":
        return Cell(say("sì", "yes") if value else say("no", "no"))
    return Cell({name: _said(text) for name, text in field.options}.get(value, value), instead="–")


def _column(value: Any, field: Field) -> str:
    if field.kind == "share":
        return f"{shown(value, field.kind)}%"
    return number(value) if field.kind == "count" else str(value)


def _said(text: Text) -> str:
    return text.read_in(spoken().language)
