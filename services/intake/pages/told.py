"""A declaration as it was received, in tables, and what it lacks in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.intake.api.submissions import Submission
from services.intake.pages import fields as known
from services.intake.pages.declarations import Table
from services.intake.pages.fields import Field
from services.intake.pages.typed import shown, typed_of
from shared.events import SubmissionReceived
from shared.pages import Cell, Column, say, spoken
from shared.problem_texts import Text


def tables_of(submission: Submission) -> Iterator[Table]:
    """What was declared, part by part; of a part that was not answered there is none."""
    said = submission.declaration
    document: Mapping[str, Any] = said.model_dump(mode="json")
    if said.columns is not None:
        yield _columns(document["columns"])
    if submission.quotas is not None:
        yield _quotas(submission)
    if said.forecast:
        yield _forecast(document["forecast"])
    if said.need is not None:
        yield _need(document["need"])
    for part in known.ROWS:
        if document[part.name] is not None:
            columns = [Column(_said(field.label)) for field in part.fields]
            rows = [[_cell(row[field.name], field) for field in part.fields] for row in document[part.name]]
            yield Table(_said(part.title), columns, rows)
    for lines in known.LINES:
        if document[lines.name] is not None:
            yield Table(
                _said(lines.title), [Column(_said(lines.title))], [[Cell(line)] for line in document[lines.name]]
            )
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


def _columns(columns: Mapping[str, Any]) -> Table:
    heads = [Column(say("Colonna", "Column")), Column(say("Dichiarato", "Declared"), "shown")]
    rows = [
        [Cell(f"{field.letter}. {_said(field.label).removesuffix(', %')}"), _cell(columns[field.name], field)]
        for field in known.COLUMNS
        if field.kind == "count" or columns[field.name] is not None
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


def _forecast(years: Sequence[Mapping[str, Any]]) -> Table:
    heads = [Column(say("Alloggi", "Homes")), *(Column(str(year["year"]), "number") for year in years)]
    rows = [[Cell(_said(field.label)), *(Cell(year[field.name]) for year in years)] for field in known.YEAR]
    return Table(_said(known.FORECAST), heads, rows)


def _need(need: Mapping[str, Any]) -> Table:
    heads = [
        Column(say("Nuclei e domande", "Households and applications")),
        Column(say("Dichiarato", "Declared"), "number"),
    ]
    rows = [[Cell(_said(field.label)), Cell(need[field.name])] for field in known.NEED]
    split = need[known.SPLIT] or ()
    rows += [[Cell(_said(size.label)), Cell(count)] for size, count in zip(known.SIZES, split, strict=False)]
    return Table(_said(known.NEED_TITLE), heads, rows)


def _confirmations(said: SubmissionReceived) -> Table:
    heads = [Column(say("Valore insolito", "Unusual value")), Column(say("Perché è giusto", "Why it is right"))]
    rows = [[Cell(_pointed(said, one.field)), Cell(one.reason)] for one in said.confirmations]
    return Table(say("Conferme", "Confirmations"), heads, rows)


def _pointed(said: SubmissionReceived, pointer: str) -> str:
    """`Previsione per gli anni del triennio, 2029: Attesi dal turnover` for `/forecast/2/turnover_expected`."""
    part, *between, name = typed_of(said).names.get(pointer, pointer.strip("/").replace("/", "-")).split("-")
    field = known.field_of(part, name)
    title = _said(known.TITLES[part]) if part in known.TITLES else part
    where = ", ".join([title, *(str(int(row) + 1) if len(row) < 3 and row.isdecimal() else row for row in between)])
    return f"{where}: {_said(field.label)}" if field else where


def _cell(value: Any, field: Field) -> Cell:
    """As a person reads it."""
    if field.kind == "flag":
        return Cell(say("sì", "yes") if value else say("no", "no"))
    if value is None:
        return Cell(None, instead="–")
    options = {name: _said(text) for name, text in field.options}
    text = options.get(str(value)) or shown(value, field.kind)
    return Cell(f"{text}%" if field.kind == "share" else f"{text} €" if field.kind == "euro" else text)


def _said(text: Text) -> str:
    return text.read_in(spoken().language)
