"""Housing emergency: for everybody what is proposed; for who works on it each case, and why it gets no home."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response

from services.planner.api.holds import Hold
from services.planner.api.readers import WRITERS, is_shown, sees_households
from services.planner.domain.emergency.actions import Action
from services.planner.domain.emergency.refusals import Unplaced
from services.planner.domain.holds import HoldStatus
from services.planner.domain.parts.emergency import ORDER_ARTICLE, unplaced_in
from services.planner.domain.publication import open_cases, public_actions
from services.planner.pages.desk import At, Plan, Shown
from services.planner.pages.frame import OPERATION, Place, answer, around, at_hand, tag_of
from services.planner.pages.views import Table, owner_name
from services.planner.pages.words import in_steps
from services.planner.store import holds as store
from shared.auth import Principal, Role
from shared.pages import Cell, Column, say
from shared.pages.formats import moment
from shared.sign_in import Visitor

router = APIRouter()
HOLDS_SHOWN: Final = 200


@router.get("/ambiti/{ambito_code}/emergenza", operation_id=OPERATION)
async def emergency_page(request: Request, place: Place, plan: Plan, at: At, visitor: Visitor) -> Response:
    head, title = plan.asked.head, say("Emergenza abitativa", "Housing emergency")
    tag = tag_of(request, head.hash, str(head.version), "emergenza", str(at.days))
    if ready := at_hand(request, tag):
        return ready
    who = visitor if visitor and visitor.ambito == place.code else None
    content = {
        **around(place, at, head, title, "emergenza", live=True),
        "cases": in_steps(open_cases(plan.asked.plan)),
        "article": ORDER_ARTICLE,
        "actions": public_actions(plan.asked.plan),
        "tables": [*await _own(plan, who)] if who else [],
    }
    return answer(request, "emergency.html", content, tag)


async def _own(plan: Shown, who: Principal) -> list[Table]:
    """What the reader may see one by one; nothing of other days, which are for the ambito as a whole."""
    names = plan.asked.plan.names
    actions = [one for one in plan.asked.plan.actions if is_shown(who, one.municipality, one.owner)]
    unplaced = await asyncio.to_thread(unplaced_in, plan.material, None)
    refused = [one for one in unplaced if sees_households(who, one.case.municipality)]
    tables = [_actions(actions, names), _refusals(refused, names)]
    if plan.is_now and (who.role in WRITERS or who.istat_code or who.role is Role.OWNER):
        owner = who.organisation if who.role is Role.OWNER else None
        async with plan.asked.db.reading() as session:
            rows = await store.holds_before(session, who.ambito, who.istat_code, owner, None, HOLDS_SHOWN)
        now = datetime.now(UTC)
        tables.append(_holds([Hold.of(row, now) for row in rows]))
    return tables


def _actions(actions: Iterable[Action], names: Mapping[str, str]) -> Table:
    columns = [
        Column(say("Azione", "Action")),
        Column(say("Comune", "Municipality")),
        Column(say("A chi spetta", "Whose")),
        Column(say("Articolo", "Article")),
        Column(say("Entro", "By"), "day"),
        Column(say("Cause", "Causes"), "number"),
    ]
    rows = [
        [
            Cell(one.effect_it),
            Cell(names.get(one.municipality, one.municipality)),
            Cell(owner_name(one.owner, names)),
            Cell(one.article),
            Cell(one.deadline_on, instead="–"),
            Cell(len(one.causes)),
        ]
        for one in actions
    ]
    return Table(say("Azioni, caso per caso", "Actions, case by case"), columns, rows)


def _refusals(refused: Iterable[Unplaced], names: Mapping[str, str]) -> Table:
    columns = [
        Column(say("Caso", "Case")),
        Column(say("Comune", "Municipality")),
        Column(say("Classe di urgenza", "Urgency class"), "number"),
        Column(say("In attesa dal", "Waiting since"), "day"),
        Column(say("Entro", "By"), "day"),
        Column(say("Perché resta senza alloggio", "Why it gets no home")),
    ]
    rows = [
        [
            Cell(one.case_ref),
            Cell(names.get(one.case.municipality, one.case.municipality)),
            Cell(one.case.urgency_class),
            Cell(one.case.waiting_since),
            Cell(one.case.deadline_on, instead="–"),
            Cell(one.why_it),
        ]
        for one in refused
    ]
    return Table(say("Casi senza alloggio, nell’ordine", "Cases without a home, in order"), columns, rows)


def _holds(holds: Sequence[Hold]) -> Table:
    columns = [
        Column(say("Alloggio", "Home")),
        Column(say("Caso", "Case")),
        Column(say("Stato", "State")),
        Column(say("Dal", "Since")),
        Column(say("Scade", "Ends")),
    ]
    rows = [
        [
            Cell(one.unit_id),
            Cell(one.case_ref),
            Cell(_state(one.status)),
            Cell(moment(one.placed_at)),
            Cell(moment(one.expires_at)),
        ]
        for one in holds
    ]
    return Table(say("Prenotazioni, dalla più recente", "Holds, the newest first"), columns, rows)


def _state(status: HoldStatus) -> str:
    words = {
        HoldStatus.HELD: say("prenotato", "held"),
        HoldStatus.ACCEPTED: say("accettato", "accepted"),
        HoldStatus.DECLINED: say("rifiutato", "declined"),
        HoldStatus.EXPIRED: say("scaduto", "run out"),
        HoldStatus.RETURNED: say("restituito", "given back"),
    }
    return words[status]
