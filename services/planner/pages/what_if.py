"""E se…: hypotheses in the address, their answer beside the plan. Nothing is written: the address is all there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response

from services.planner.domain.drift import Drift, drift
from services.planner.domain.what_if import Cases, Hypothesis, Impossible, Vacancies, WorksMoved, steps_of
from services.planner.pages.addresses import Day
from services.planner.pages.comparison import compared
from services.planner.pages.desk import At, Plan, Shown, compute
from services.planner.pages.frame import OPERATION, Place, answer, around, tag_of
from services.planner.pages.views import owner_name
from shared.events import Message, UnitStatus
from shared.pages import say, spoken
from shared.problems import Text
from shared.web import Db

router = APIRouter()
MOST: Final = 200
Municipality = Annotated[str, Query(pattern=r"^([0-9]{6})?$")]
Count = Annotated[str, Query(pattern=r"^[0-9]{0,3}$")]
Code = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$|^$", max_length=64)]


class Supposed(NamedTuple):
    """Ipotesi: homes that become free, works that end on another day, new emergency cases."""

    alloggi: int
    comune: str
    ente: str
    programma: str
    fine: date | None
    casi: int
    comune_casi: str
    nucleo: int

    @property
    def hypotheses(self) -> list[Hypothesis]:
        found: list[Hypothesis] = []
        if self.alloggi and self.comune and self.ente:
            found.append(Vacancies(self.comune, self.ente, self.alloggi, UnitStatus.FREE_ASSIGNABLE))
        if self.programma and self.fine:
            found.append(WorksMoved(self.programma, None, self.fine))
        if self.casi and self.comune_casi:
            found.append(Cases(self.comune_casi, self.casi, self.nucleo, 1, False))
        return found


def supposed(
    alloggi: Count = "",
    comune: Municipality = "",
    ente: Code = "",
    programma: Code = "",
    fine: Day = None,
    casi: Count = "",
    comune_casi: Municipality = "",
    nucleo: Annotated[int, Query(ge=1, le=20)] = 2,
) -> Supposed:
    counts = (min(int(text or 0), MOST) for text in (alloggi, casi))
    homes, cases = counts
    return Supposed(homes, comune, ente, programma, fine, cases, comune_casi, nucleo)


@router.get("/ambiti/{ambito_code}/e-se", operation_id=OPERATION)
async def what_if_page(
    request: Request, db: Db, place: Place, plan: Plan, at: At, asked: Annotated[Supposed, Depends(supposed)]
) -> Response:
    head, title = plan.asked.head, say("E se…", "What if…")
    names = plan.asked.plan.names
    owners = sorted({key.owner for key in plan.asked.plan.figures if key.owner})
    content = {
        **around(request, place, at, head, title, "e-se"),
        "asked": asked,
        "most": MOST,
        "places": sorted(names.items(), key=lambda item: item[1]),
        "owners": [(owner, owner_name(owner, names)) for owner in owners],
        "programmes": sorted({works.programme for works in plan.asked.plan.works_at_risk}),
        **await _answered(db, plan, asked),
    }
    return answer(request, "what_if.html", content, tag_of(request, head.hash, str(asked), str(at.days)))


async def _answered(db: Db, plan: Shown, asked: Supposed) -> dict[str, Any]:
    """The comparison, or why a hypothesis cannot be: of an ambito nobody has such homes or works."""
    hypotheses = asked.hypotheses
    if not hypotheses:
        return {"found": None, "fault": None}
    messages = await plan.messages()
    try:
        found = await compute(db, plan, f"e-se/{asked}", lambda: _suppose(plan, messages, hypotheses))
    except Impossible as why:
        return {"found": None, "fault": Text(why.italian, why.english).read_in(spoken().language)}
    labels = say("Il piano", "The plan"), say("Con le ipotesi", "With the hypotheses")
    return {"found": compared(found, None, plan.asked.plan.names, labels, {}), "fault": None}


def _suppose(plan: Shown, messages: Sequence[Message], hypotheses: Sequence[Hypothesis]) -> Drift:
    asked = plan.asked
    ambito, on = asked.plan.ambito, asked.plan.reference_on
    last = max(messages, key=lambda message: message.envelope.time)
    return drift(ambito, messages, steps_of(ambito, messages, hypotheses, on, last), asked.method, reference_on=on)
