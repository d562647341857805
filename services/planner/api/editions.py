"""Which plan is asked for: the one in force, or the plan as of two days."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.listings import address
from services.planner.api.readers import opens_to, sees_households
from services.planner.domain.chronicle import known_by, state_as_of, true_on
from services.planner.domain.parts.reading import Reading
from services.planner.domain.plan import FigureKey, Method, Plan, read
from services.planner.domain.state import PlanState
from services.planner.domain.withholding import plan_hash, told_figures
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from services.planner.store import journal
from services.planner.store import plans as store
from services.planner.store.journal import Log
from services.planner.tables import PlanRow
from shared.arrivals import Shape
from shared.auth import Principal
from shared.civil_time import ROME
from shared.db import Database
from shared.events import Message
from shared.problems import Problem, Text, of_status
from shared.sign_in import Who
from shared.territory import names_of
from shared.web import Db, settings_of

AmbitoPath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", max_length=64)]
IstatPath = Annotated[str, Path(pattern=r"^[0-9]{6}$", max_length=6)]
ShortText = Annotated[str, Field(max_length=200)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Year = Annotated[int, Field(ge=2000, le=2200)]
TrueOn = Annotated[date | None, Query(description="Com’era quel giorno: solo i fatti veri fino ad allora")]
KnownOn = Annotated[date | None, Query(description="Come si sapeva quel giorno: solo i fatti arrivati fino ad allora")]


def planner_settings(request: Request) -> PlannerSettings:
    return cast(PlannerSettings, settings_of(request))


class PlanHead(Shape):
    """Which plan this is: the version in force, or the last one known by `known_on`, seen as of the days asked for."""

    ambito: ShortText
    version: Whole
    hash: Sha256
    first_year: Year
    reference_on: date
    rules_on: date
    true_on: date | None = None
    known_on: date | None = None


@dataclass(frozen=True)
class Asked:
    """The plan that was asked for, how it is made, and who asks."""

    head: PlanHead
    plan: Plan
    method: Method
    db: Database
    who: Principal

    @property
    def reading(self) -> Reading:
        """What of the plan's parts who asks may see."""
        return Reading(partial(sees_households, self.who), lambda owner: self.who.organisation == owner)

    @cached_property
    def figures(self) -> Mapping[FigureKey, int]:
        """Every figure that who asks may see, as he may see it."""
        if sees_households(self.who, None):
            return self.plan.figures
        own = {key: value for key, value in self.plan.figures.items() if self.opens(key)}
        return {key: value for key, value in told_figures(self.plan).items() if not self.opens(key)} | own

    def opens(self, key: FigureKey) -> bool:
        """Whether who asks may see the figure as it is, and what it is made of."""
        return opens_to(self.who, key)

    async def messages(self) -> Sequence[Message]:
        """Everything this plan was made of."""
        async with self.db.reading() as session:
            every = await journal.messages_of(session, self.plan.ambito, until_version=self._until)
        return as_known(every, self.head.true_on, self.head.known_on)

    async def log(self) -> Log:
        """The same, and the link of the log that seals it; of other days, the last link that there is."""
        async with self.db.reading() as session:
            log = await journal.log_of(session, self.plan.ambito, until_version=self._until)
        return Log(as_known(log.messages, self.head.true_on, self.head.known_on), log.head)

    @property
    def _until(self) -> int | None:
        return None if self.head.true_on or self.head.known_on else self.head.version

    async def state(self) -> PlanState:
        """The state that this plan follows from."""
        if self.head.true_on or self.head.known_on:
            known = await self.messages()
            return await asyncio.to_thread(state_as_of, self.plan.ambito, self.method.bands, known)
        async with self.db.reading() as session:
            return await store.state_of(session, self.plan.ambito, self.method.bands)

    def path(self, resource: str, **query: object) -> str:
        """A resource of the same plan: the days asked for go with it."""
        days = {"true_on": self.head.true_on, "known_on": self.head.known_on}
        return address(f"/plans/{self.plan.ambito}/{resource}", **query | days)


async def asked(
    request: Request, db: Db, who: Who, ambito: AmbitoPath, true_on: TrueOn = None, known_on: KnownOn = None
) -> Asked:
    own(who, ambito)
    return await plan_asked(db, method_of(planner_settings(request)), who, true_on, known_on)


async def plan_asked(
    db: Database, method: Method, who: Principal, true_on: date | None = None, known_on: date | None = None
) -> Asked:
    """The plan in force of the reader's ambito or, with a day, as it was; raises `Problem` 404 where there is none."""
    ambito = who.ambito
    if true_on or known_on:
        return await _as_of(db, method, who, true_on, known_on)
    async with db.reading() as session:
        row = await _in_force(session, ambito)
    plan = read(row.content, names_of(ambito))
    return Asked(_head(plan, row.version, row.hash), plan, method, db, who)


async def plan_in_force(session: AsyncSession, ambito: str) -> Plan:
    """The plan as the transaction finds it; raises `Problem` 404 where there is none."""
    return read((await _in_force(session, ambito)).content, names_of(ambito))


async def _in_force(session: AsyncSession, ambito: str) -> PlanRow:
    row = await store.plan_content(session, ambito)
    if row is None or not row.version:
        raise no_plan(ambito)
    return row


Plans = Annotated[Asked, Depends(asked)]


async def _as_of(db: Database, method: Method, who: Principal, true_day: date | None, known_day: date | None) -> Asked:
    ambito = who.ambito
    async with db.reading() as session:
        every = await journal.messages_of(session, ambito)
        version = await store.version_known_at(session, ambito, end_of(known_day) if known_day else None)

    known = as_known(every, true_day, known_day)
    if not known:
        raise nothing_yet(ambito, true_day, known_day)

    def compute() -> tuple[Plan, str]:
        state = state_as_of(ambito, method.bands, known)
        plan = method.plan_of(state)
        return plan, plan_hash(plan)

    plan, digest = await asyncio.to_thread(compute)
    head = _head(plan, version, digest)
    return Asked(head.model_copy(update={"true_on": true_day, "known_on": known_day}), plan, method, db, who)


def as_known(messages: Sequence[Message], true_day: date | None, known_day: date | None) -> list[Message]:
    """What was known by the end of one day and true by another; without a day, all."""
    known = known_by(messages, end_of(known_day)) if known_day else messages
    return [message for message in known if true_day is None or true_on(message) <= true_day]


def end_of(day: date) -> datetime:
    """The last instant of a day in Italy."""
    return datetime.combine(day + timedelta(days=1), time(), ROME).astimezone(UTC) - timedelta(microseconds=1)


def own(who: Principal, ambito: str) -> None:
    if who.ambito != ambito:
        raise not_found(f"L’ambito {ambito} non è il vostro.", f"Ambito {ambito} is not yours.")


def no_plan(ambito: str) -> Problem:
    return not_found(
        f"Il piano dell’ambito {ambito} non ha ancora dati: arriveranno con la prima segnalazione.",
        f"The plan of ambito {ambito} has no data yet: they come with the first report.",
    )


def nothing_yet(ambito: str, true_day: date | None, known_day: date | None) -> Problem:
    then = min(day for day in (true_day, known_day) if day)
    return not_found(
        f"Il {then:%d/%m/%Y} del piano dell’ambito {ambito} non c’era ancora nulla: indicare un giorno successivo.",
        f"On {then} there was nothing of the plan of ambito {ambito} yet: give a later day.",
    )


def not_found(italian: str, english: str) -> Problem:
    return Problem(404, "no-such-plan", of_status(404).title, Text(italian, english))


def _head(plan: Plan, version: int, digest: str) -> PlanHead:
    return PlanHead(
        ambito=plan.ambito,
        version=version,
        hash=digest,
        first_year=plan.triennium.first_year,
        reference_on=plan.reference_on,
        rules_on=plan.rules_on,
    )
