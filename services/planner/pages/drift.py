"""Drift: the plan that is looked at beside an earlier one, with every cause of the difference and its sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query, Request, Response

from services.planner.api.editions import as_known, nothing_yet
from services.planner.domain.drift import Drift, drift, steps_between
from services.planner.pages.addresses import Addresses, Day
from services.planner.pages.comparison import compared
from services.planner.pages.desk import At, Plan, Shown, compute
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, answer, around, tag_of, unchanged
from services.planner.store import journal
from shared.events import Message
from shared.pages import say
from shared.pages.formats import day, number
from shared.web import Db

router = APIRouter()
USUAL: Final = timedelta(days=30)
Version = Annotated[str, Query(pattern=r"^[0-9]{0,9}$")]
Municipality = Annotated[str, Query(pattern=r"^([0-9]{6})?$")]


@router.get("/ambiti/{ambito_code}/scostamenti", operation_id=OPERATION)
async def drift_page(
    request: Request,
    db: Db,
    place: Place,
    plan: Plan,
    at: At,
    da: Day = None,
    versione: Version = "",
    comune: Municipality = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    head, title = plan.asked.head, say("Scostamenti", "Drift")
    since = da or head.reference_on - USUAL
    which = f"versione={versione}" if versione else f"da={since}"
    if (tag := tag_of(request, head.hash, str(head.version), which, comune, str(at.days))) in if_none_match:
        return unchanged(tag)
    found = await _drift(db, plan, since, int(versione or 0), which)
    earlier = say(f"Versione {versione}", f"Version {versione}") if versione else day(since)
    labels = earlier, say(f"Versione {number(head.version)}", f"Version {number(head.version)}")
    names = plan.asked.plan.names
    content = {
        **around(request, place, at, head, title, "scostamenti"),
        "since": "" if versione else since.isoformat(),
        "version": versione,
        "chosen": comune if comune in names else "",
        "places": sorted(names.items(), key=lambda item: item[1]),
        "found": compared(found, comune or None, names, labels, _links(names, at, since, versione)),
    }
    return answer(request, "drift.html", content, tag)


def _links(names: Mapping[str, str], at: Addresses, since: date, version: str) -> dict[str, str]:
    from_where = {"versione": version} if version else {"da": since.isoformat()}
    return {code: at.to("scostamenti", comune=code, **from_where) for code in names}


async def _drift(db: Db, plan: Shown, since: date, version: int, name: str) -> Drift:
    """Against a version, or against the plan as it was on a day and known on it."""
    name = f"scostamenti/{name}"
    if name in plan.computed:
        return cast(Drift, plan.computed[name])
    asked = plan.asked
    after = await plan.messages()
    async with db.reading() as session:
        every = await journal.messages_of(session, asked.plan.ambito, until_version=version or None)
    before = every if version else as_known(every, since, since)
    if not before:
        raise nothing_yet(asked.plan.ambito, since, since)
    return await compute(db, plan, name, lambda: _between(plan, before, after))


def _between(plan: Shown, before: Sequence[Message], after: Sequence[Message]) -> Drift:
    asked = plan.asked
    steps = steps_between(before, after)
    return drift(asked.plan.ambito, before, steps, asked.method, reference_on=asked.plan.reference_on)
