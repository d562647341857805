"""How right the forecast has been: every closed year as it was forecast, what came, and who would have done better."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.planner.document.drawings import Bar, bar_chart
from services.planner.document.model import Span
from services.planner.domain.declared_years import expected_turnover
from services.planner.domain.demotion import is_demoted
from services.planner.domain.scores import FORMULAS, Record, Scores, YearScore, scores_of
from services.planner.pages.addresses import Addresses
from services.planner.pages.blocks import Chart, chart_of
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, at_hand, tag_of
from services.planner.pages.views import Table
from shared.events import Measure
from shared.pages import Cell, Column, say

router = APIRouter()


class Judged(NamedTuple):
    """The ambito's years as a chart and a table, and every municipality's record."""

    chart: Chart | None
    years: Table
    municipalities: Table
    formulas: Sequence[str]


@router.get("/ambiti/{ambito_code}/verifica", operation_id=OPERATION)
async def scores_page(request: Request, place: Place, plan: Plan, at: At, if_none_match: IfNoneMatch = "") -> Response:
    head, title = plan.asked.head, say("Quanto ha avuto ragione la previsione", "How right the forecast has been")
    tag = tag_of(request, head.hash, str(head.version), "verifica", str(at.days))
    if ready := at_hand(request, tag, if_none_match):
        return ready
    content = {
        **around(place, at, head, title, "verifica"),
        "judged": await asyncio.to_thread(judged, plan, at),
    }
    return answer(request, "scores.html", content, tag)


def judged(plan: Shown, at: Addresses) -> Judged:
    state = plan.material.state
    found = scores_of(state.cells, expected_turnover(state), plan.asked.plan.reference_on)
    own = sorted((year for year in found.years if year.municipality is None), key=lambda year: year.year)
    bars = [Bar(f"{one.year}: liberati {one.exits}", one.mean, Span(one.low, one.high)) for one in own]
    caption = "Alloggi che si sono liberati: previsti prima dell’anno, con l’intervallo, e liberati davvero"
    chart = (
        chart_of(bar_chart(caption, bars, Measure.THOUSANDTHS, "alloggi previsti, con l’intervallo")) if bars else None
    )
    formulas = [formula.text_it for formula in FORMULAS.values()]
    return Judged(chart, _years(own), _municipalities(found, plan.asked.plan.names, at), formulas)


def _years(years: Sequence[YearScore]) -> Table:
    columns = [
        Column(say("Anno", "Year")),
        Column(say("Liberati", "Became free"), "number"),
        Column(say("Previsti", "Forecast"), "thousandths"),
        Column(say("Intervallo", "Interval"), "span"),
        Column(say("Dentro l’intervallo", "Inside the interval")),
        Column(say("L’anno prima", "The year before"), "number"),
        Column(say("Dichiarati", "Declared"), "number"),
    ]
    rows = [
        [
            Cell(str(one.year)),
            Cell(one.exits),
            Cell(one.mean),
            Cell((one.low, one.high)),
            Cell(say("sì", "yes") if one.low <= one.exits <= one.high else say("no", "no")),
            Cell(one.last_year),
            Cell(one.declared, instead="–"),
        ]
        for one in years
    ]
    return Table(say("L’ambito, anno per anno", "The ambito, year by year"), columns, rows)


def _municipalities(scores: Scores, names: Mapping[str, str], at: Addresses) -> Table:
    columns = [
        Column(say("Comune", "Municipality")),
        Column(say("Anni previsti", "Years forecast"), "number"),
        Column(say("Tenuta dell’intervallo (80% è giusto)", "Interval held (80% is right)"), "percent"),
        Column(say("Meglio di «come l’anno prima»", "Better than “as the year before”"), "percent"),
        Column(say("Che cosa si usa", "What is used")),
    ]
    scopes = sorted((code for code in scores.records if code), key=lambda code: names.get(code, code))
    rows = [_record(Cell(names.get(code, code), href=at.municipality(code)), scores.records[code]) for code in scopes]
    total = _record(Cell(say("Ambito", "Ambito")), scores.records[None]) if None in scores.records else None
    return Table(say("Comune per comune", "Municipality by municipality"), columns, rows, total)


def _record(name: Cell, record: Record) -> list[Cell]:
    used = (
        say("«come l’anno prima»", "“as the year before”")
        if is_demoted(record)
        else say("la previsione", "the forecast")
    )
    return [name, Cell(record.forecasts), _share(record.held_mean), _share(record.skill), Cell(used)]


def _share(thousandths: int | None) -> Cell:
    return Cell(None if thousandths is None else Decimal(thousandths) / 1000, instead="–")
