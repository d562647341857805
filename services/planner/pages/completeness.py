"""Completezza: whose declarations of the cycle in force there are, whose are missing, who is in default."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.planner.domain.lifecycle.cycle import Cycle, cycle_of
from services.planner.pages.addresses import Addresses
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, at_hand, tag_of
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
    request: Request, place: Place, plan: Plan, at: At, if_none_match: IfNoneMatch = ""
) -> Response:
    head, title = plan.asked.head, say("Chi ha trasmesso i dati", "Who has sent the data")
    messages = await plan.declarations()
    tag = tag_of(request, head.hash, str(head.version), "completezza", str(at.days), str(len(messages)))
    if ready := at_hand(request, tag, if_none_match):
        return ready
    content = {
        **around(request, place, at, head, title, "completezza", live=True),
        "found": await asyncio.to_thread(completeness_of, plan, messages, at),
    }
    return answer(request, "completeness.html", content, tag)


def completeness_of(plan: Shown, messages: Sequence[Message], at: Addresses) -> Completeness:
    filed = [message.event for message in messages if isinstance(message.event, SubmissionReceived)]
    cycle = cycle_of(plan.asked.plan, plan.material.state, filed)
    defaults = {
        (message.event.municipality, message.event.owner): message.event
        for message in messages
        if isinstance(message.event, SubmissionDefaulted) and message.event.cycle_year == cycle.year
    }
    names = plan.asked.plan.names
    missing = _missing(cycle, defaults, names, at)
    return Completeness(cycle.year, len(cycle.complete_among(names)), len(names), _received(cycle, names, at), missing)


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
