"""The plan that a page is made of: the one in force or as of two days, computed once however many look at it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Annotated, Any, Final, TypeVar, cast
from weakref import WeakKeyDictionary

from fastapi import Depends, Request
from markupsafe import Markup

from services.planner.api.editions import Asked, plan_asked, planner_settings
from services.planner.api.material import material_of
from services.planner.document.assembly import PARTS
from services.planner.document.model import DocumentPart, Listing, Paragraph, Table
from services.planner.domain.narrative.figures import Figure
from services.planner.domain.parts import Material, part_of
from services.planner.domain.parts.reading import OF_HOUSEHOLDS, for_all
from services.planner.domain.texts.telling import figures_named
from services.planner.handlers import method_of
from services.planner.pages.addresses import Addresses, AskedDays, Days, page_id
from services.planner.pages.frame import Place
from services.planner.pages.stream import NEWS_LIMIT, front_of
from services.planner.pages.views import Front
from services.planner.store import journal
from services.planner.store import plans as store
from shared.auth import Principal, Role
from shared.db import Database
from shared.events import Message, PlanRecomputed, SubmissionDefaulted, SubmissionReceived
from shared.pages import Spoken, spoken
from shared.problems import Problem, Text
from shared.territory import Ambito
from shared.web import Db

T = TypeVar("T")
KEPT: Final = 6
COMPUTED: Final = 60
WAITING_LIMIT: Final = 100


@dataclass(frozen=True)
class Shown:
    """Piano mostrato: the plan, what it is made of, and the parts of its document, each made when it is first read."""

    asked: Asked
    material: Material
    _parts: dict[int, DocumentPart] = field(default_factory=dict)
    _figures: dict[int, Mapping[str, Figure]] = field(default_factory=dict)
    _messages: list[Sequence[Message]] = field(default_factory=list)
    written: dict[tuple[str, Spoken], Markup] = field(default_factory=dict)
    """What has been written of it, by name and language."""
    computed: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    """What was compared with it last, by name."""

    def part(self, number: int) -> DocumentPart:
        """One of the seven as the document tells it: without what would name a household."""
        if number not in self._parts:
            self._parts[number] = PARTS[number - 1](self.material)
        return self._parts[number]

    def figures(self, number: int) -> Mapping[str, Figure]:
        """The figures of a part of the whole ambito, by identifier; of those that count households what is told."""
        if number not in self._figures:
            material = self.for_all if number in OF_HOUSEHOLDS else self.material
            found = {one.id: one for one in part_of(number, material, None).figures}
            self._figures[number] = found | figures_named(figures_in(self.part(number)), self.material)
        return self._figures[number]

    @cached_property
    def for_all(self) -> Material:
        """What the parts are made of that everybody may read."""
        return for_all(self.material)

    @property
    def is_now(self) -> bool:
        return self.asked.head.true_on is None and self.asked.head.known_on is None

    @cached_property
    def told(self) -> frozenset[str]:
        """Pages of the figures in the parts that count households: no other of them is told."""
        return frozenset(page_id(name) for number in OF_HOUSEHOLDS for name in figures_in(self.part(number)))

    def once(self, name: str, write: Callable[[], Markup]) -> Markup:
        """What `write` makes, kept for the others who read it in this language."""
        key = name, spoken()
        if key not in self.written:
            self.written[key] = write()
        return self.written[key]

    async def messages(self) -> Sequence[Message]:
        """Everything the plan was made of, read once."""
        if not self._messages:
            self._messages.append(await self.asked.messages())
        return self._messages[0]

    async def declarations(self) -> Sequence[Message]:
        """What owners have sent, and whose default is on record: as it is now, for a default makes no version."""
        if not self.is_now:
            return await self.messages()
        async with self.asked.db.reading() as session:
            return await journal.messages_of(
                session,
                self.asked.plan.ambito,
                until_version=self.asked.head.version,
                of=(SubmissionReceived, SubmissionDefaulted),
            )


@dataclass
class Desk:
    """What one database's plans were last asked for; who asks for the same waits for the first."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    kept: OrderedDict[tuple[str, int, Days], Shown] = field(default_factory=OrderedDict)
    waiting: int = 0


_desks: WeakKeyDictionary[Database, Desk] = WeakKeyDictionary()


async def shown(request: Request, db: Db, place: Place, days: AskedDays) -> Shown:
    """The plan a page asks for; raises `Problem` 404 where there is none and 503 when too many ask for other days."""
    desk = _desks.setdefault(db, Desk())
    async with db.reading() as session:
        version = await store.plan_version(session, place.code)
    key = place.code, version or 0, days
    if key not in desk.kept:
        if desk.waiting >= WAITING_LIMIT:
            raise Problem(503, "too-many-readers", BUSY, BUSY_DETAIL, headers={"Retry-After": "20"})
        desk.waiting += 1
        try:
            async with desk.turn:
                if key not in desk.kept:
                    method = method_of(planner_settings(request))
                    asked = await plan_asked(db, method, everybody(place.code), *days)
                    desk.kept[key] = Shown(asked, material_of(asked, await asked.state()))
        finally:
            desk.waiting -= 1
        while len(desk.kept) > KEPT:
            desk.kept.popitem(last=False)
    return desk.kept[key]


def figures_in(part: DocumentPart) -> set[str]:
    """Identifiers of every figure that the part tells."""
    found: set[str] = set()
    for block in part.blocks:
        match block:
            case Paragraph(sentences=sentences) | Listing(items=sentences):
                found.update(name for sentence in sentences for name in sentence.figures)
            case Table():
                found.update(cell.figure for row in block.all_rows for cell in row if cell.figure)
    return found


async def compute(db: Database, plan: Shown, name: str, work: Callable[[], T]) -> T:
    """What is heavy, one at a time and off the event loop, and kept for who asks for the same of this plan."""
    return await made_once(db, plan, name, partial(asyncio.to_thread, work))


async def made_once(db: Database, plan: Shown, name: str, work: Callable[[], Awaitable[T]]) -> T:
    """The same of what has to be read from the database too."""
    desk = _desks.setdefault(db, Desk())
    if name not in plan.computed:
        if desk.waiting >= WAITING_LIMIT:
            raise Problem(503, "too-many-readers", BUSY, BUSY_DETAIL, headers={"Retry-After": "20"})
        desk.waiting += 1
        try:
            async with desk.turn:
                if name not in plan.computed:
                    plan.computed[name] = await work()
        finally:
            desk.waiting -= 1
        while len(plan.computed) > COMPUTED:
            plan.computed.popitem(last=False)
    return cast(T, plan.computed[name])


async def front_of_days(request: Request, db: Database, place: Ambito, days: Days) -> Front | None:
    """What the pages of the plan in force show, of another day; None before the plan's first version."""
    if days.is_now:
        return await front_of(db, place.code)
    then = await shown(request, db, place, days)
    plan, head = then.asked.plan, then.asked.head
    async with db.reading() as session:
        rows = await store.versions_before(session, plan.ambito, head.version + 1, NEWS_LIMIT)
    until = days.true_on or head.reference_on
    told = [(row.recorded_at, PlanRecomputed.read(row.event.encode())) for row in rows if row.reference_on <= until]
    return Front(head.version, head.hash, plan, told)


def everybody(ambito: str) -> Principal:
    """Chiunque: the pages are for all, and tell as much as who may see no count of households is told over HTTP."""
    return Principal("chiunque", Role.REGION, ambito, "chiunque")


def addresses_of(place: Place, days: AskedDays) -> Addresses:
    return Addresses(place.code, days)


Plan = Annotated[Shown, Depends(shown)]
At = Annotated[Addresses, Depends(addresses_of)]
BUSY = Text("Troppi lettori insieme", "Too many readers at once")
BUSY_DETAIL = Text("Riprovare tra poco.", "Try again in a moment.")
