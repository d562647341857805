"""Drift: the plan that is looked at beside an earlier one, with every cause of the difference and its sign.

The earlier one is an edition that the assembly voted, a version, or the plan of a day. Unless the reader chooses it is
the edition in force, and without one the plan of thirty days before; of a plan that began since, its first day; of one
that began today, the version before. An earlier day than the first is the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Final, NamedTuple, cast

from fastapi import APIRouter, Query, Request, Response

from services.planner.api.editions import as_known, nothing_yet
from services.planner.domain.drift import Drift, drift, steps_between
from services.planner.domain.plan import Plan as ComputedPlan
from services.planner.pages.addresses import Addresses, Day, Municipality
from services.planner.pages.comparison import Sides, compared
from services.planner.pages.contested import OpenContests
from services.planner.pages.desk import At, Plan, Shown, compute
from services.planner.pages.frame import (
    OPERATION,
    IfNoneMatch,
    Place,
    answer,
    around,
    at_hand,
    not_found,
    tag_of,
)
from services.planner.pages.voted import Voted, editions_shown, frozen_of, in_force
from services.planner.store import journal
from shared.civil_time import civil_day
from shared.events import Message
from shared.pages import say
from shared.pages.formats import day, number
from shared.sign_in import Visitor
from shared.web import Db

router = APIRouter()
USUAL: Final = timedelta(days=30)
Number = Annotated[str, Query(pattern=r"^[0-9]{0,9}$")]


class Since(NamedTuple):
    """Da che cosa: an edition, a version or a day, in this order."""

    edition: Voted | None = None
    version: int = 0
    on: date | None = None

    @property
    def query(self) -> dict[str, str]:
        if self.edition:
            return {"edizione": str(self.edition.number)}
        return {"versione": str(self.version)} if self.version else {"da": str(self.on)}

    @property
    def name(self) -> str:
        """Of a comparison that is kept: an edition that was returned is frozen anew under its number."""
        frozen = f"/{self.edition.last.version}" if self.edition else ""
        return "&".join(f"{name}={value}" for name, value in self.query.items()) + frozen

    @property
    def label(self) -> str:
        if self.edition:
            return self.edition.label
        return say(f"Versione {self.version}", f"Version {self.version}") if self.version else day(cast(date, self.on))


@router.get("/ambiti/{ambito_code}/scostamenti", operation_id=OPERATION)
async def drift_page(
    request: Request,
    db: Db,
    place: Place,
    plan: Plan,
    at: At,
    visitor: Visitor,
    contested: OpenContests,
    edizione: Number = "",
    da: Day = None,
    versione: Number = "",
    comune: Municipality = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    head, title = plan.asked.head, say("Scostamenti", "Drift")
    editions = await editions_shown(db, place.code, head.first_year, visitor)
    begun = civil_day((await plan.messages())[0].envelope.time)
    since = _since(editions, edizione, versione, da and max(da, begun), max(head.reference_on - USUAL, begun))
    if since.on == begun == head.reference_on and head.version > 1:
        since = Since(version=head.version - 1)
    steps = ",".join(f"{one.number}.{one.last.step}" for one in editions)
    tag = tag_of(request, head.hash, str(head.version), since.name, steps, comune, str(at.days), contested.mark)
    if ready := at_hand(request, tag, if_none_match):
        return ready
    found = await _drift(db, plan, since)
    labels = since.label, say(f"Versione {number(head.version)}", f"Version {number(head.version)}")
    names = plan.asked.plan.names
    links = {code: at.to("scostamenti", comune=code, **since.query) for code in names}
    content = {
        **around(place, at, head, title, "scostamenti"),
        "since": since,
        "editions": _choices(editions, since, comune, at),
        "chosen": comune if comune in names else "",
        "places": sorted(names.items(), key=lambda item: item[1]),
        "found": compared(found, comune or None, names, Sides(labels, 1, at), links),
        "flags": contested.flags,
    }
    return answer(request, "drift.html", content, tag)


def _since(editions: Sequence[Voted], edition: str, version: str, on: date | None, usual: date) -> Since:
    if version and int(version):
        return Since(version=int(version))
    if on:
        return Since(on=on)
    if not edition:
        return Since(in_force(editions), on=usual)
    chosen = next((one for one in editions if one.number == int(edition)), None)
    if chosen is None:
        raise not_found(
            f"L’edizione {edition} del piano non c’è, o non è pubblicata: chi lavora al piano la vede dopo l’accesso.",
            f"There is no edition {edition}, or it is not published: who works on the plan sees it after signing in.",
        )
    return Since(chosen)


def _choices(editions: Sequence[Voted], since: Since, place: str, at: Addresses) -> list[tuple[str, str, bool]]:
    """Every edition to compare with, the newest first, and whether it is the one."""
    of_place = {"comune": place} if place else {}
    return [
        (at.to("scostamenti", edizione=str(one.number), **of_place), one.label, one == since.edition)
        for one in reversed(editions)
    ]


async def _drift(db: Db, plan: Shown, since: Since) -> Drift:
    """Against the plan as it was frozen, as it was in a version, or as it was on a day and known on it."""
    name = f"scostamenti/{since.name}"
    if name in plan.computed:
        return cast(Drift, plan.computed[name])
    ambito, after = plan.asked.plan.ambito, await plan.messages()
    frozen = await frozen_of(db, since.edition) if since.edition else None
    version = frozen.version if frozen else since.version
    async with db.reading() as session:
        every = await journal.messages_of(session, ambito, until_version=version or None)
    before = every if version else as_known(every, since.on, since.on)
    if not before:
        on = since.on or plan.asked.head.reference_on
        raise nothing_yet(ambito, on, on)
    return await compute(db, plan, name, partial(_between, plan, before, after, frozen.plan if frozen else None))


def _between(plan: Shown, before: Sequence[Message], after: Sequence[Message], frozen: ComputedPlan | None) -> Drift:
    asked, steps = plan.asked, steps_between(before, after)
    day = asked.plan.reference_on
    return drift(asked.plan.ambito, before, steps, asked.method, reference_on=day, frozen=frozen)
