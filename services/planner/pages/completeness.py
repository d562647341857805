"""Completezza: whose declarations of the cycle in force there are, whose are missing, who is in default."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.planner.api.editions import planner_settings
from services.planner.domain.lifecycle.cycle import Cycle, cycle_of
from services.planner.pages.addresses import Addresses, Municipality
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, at_hand, not_found, tag_of
from services.planner.pages.views import Table, owner_name
from shared.events import Message, SubmissionDefaulted, SubmissionReceived
from shared.pages import Cell, Column, say

router = APIRouter()


class Completeness(NamedTuple):
    """Municipalities of which every row is there, of how many, and the rows."""

    year: int
    complete: int
    municipalities: int
    received: Table
    missing: Table


@router.get("/ambiti/{ambito_code}/completezza", operation_id=OPERATION)
async def completeness_page(
    request: Request, place: Place, plan: Plan, at: At, comune: Municipality = "", if_none_match: IfNoneMatch = ""
) -> Response:
    """Of the ambito, or of one municipality."""
    head, title = plan.asked.head, say("Chi ha trasmesso i dati", "Who has sent the data")
    names = plan.asked.plan.names
    if comune and comune not in names:
        raise not_found(f"Nel piano non c’è il comune {comune}.", f"There is no municipality {comune} in the plan.")
    messages = await plan.declarations()
    tag = tag_of(request, head.hash, str(head.version), "completezza", str(at.days), str(len(messages)), comune)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    content = {
        **around(place, at, head, title, "completezza", live=True),
        "found": await asyncio.to_thread(completeness_of, plan, messages, {comune} if comune else names.keys(), at),
        "synthetic": planner_settings(request).planner_synthetic_data,
        "only": names.get(comune),
    }
    return answer(request, "completeness.html", content, tag)


def completeness_of(plan: Shown, messages: Sequence[Message], shown: Set[str], at: Addresses) -> Completeness:
    """Of the ambito, with the rows of the municipalities that are shown."""
    filed = [message.event for message in messages if isinstance(message.event, SubmissionReceived)]
    cycle = cycle_of(plan.asked.plan, plan.material.state, filed)
    defaults = {
        (message.event.municipality, message.event.owner): message.event
        for message in messages
        if isinstance(message.event, SubmissionDefaulted) and message.event.cycle_year == cycle.year
    }
    names = plan.asked.plan.names
    rows = cycle._replace(
        rows=tuple(row for row in cycle.rows if row.municipality in shown),
        missing=tuple(key for key in cycle.missing if key[0] in shown),
    )
    tables = _received(rows, names, at), _missing(rows, defaults, names, at)
    return Completeness(cycle.year, len(cycle.complete_among(names)), len(names), *tables)


def _received(cycle: Cycle, names: Mapping[str, str], at: Addresses) -> Table:
    columns = [
        Column(say("Comune", "Municipality")),
        Column(say("Ente", "Owner")),
        Column(say("Ricevuta il", "Received on"), "day"),
        Column(say("Nei termini", "In time")),
        Column(say("Contenuto", "Content")),
    ]
    rows = [
        [
            Cell(names.get(row.municipality, row.municipality), href=at.municipality(row.municipality)),
            Cell(owner_name(row.owner, names)),
            Cell(row.received_on),
            Cell(say("no", "no") if row.late else say("sì", "yes")),
            Cell(say("nulla da dichiarare", "nothing to declare") if row.nil else say("dati", "data")),
        ]
        for row in cycle.rows
    ]
    return Table(say("Dichiarazioni ricevute", "Declarations received"), columns, rows)


def _missing(
    cycle: Cycle, defaults: Mapping[tuple[str, str], SubmissionDefaulted], names: Mapping[str, str], at: Addresses
) -> Table:
    columns = [
        Column(say("Comune", "Municipality")),
        Column(say("Ente", "Owner")),
        Column(say("Inadempienza registrata il", "Default put on record on"), "day"),
    ]
    rows = []
    for place, owner in cycle.missing:
        found = defaults.get((place, owner))
        on = Cell(found.recorded_on if found else None, instead=say("non registrata", "not on record"))
        where = Cell(names.get(place, place), href=at.municipality(place))
        rows.append([where, Cell(owner_name(owner, names)), on])
    return Table(say("Righe mancanti", "Missing rows"), columns, rows)
