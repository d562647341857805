"""Which figures are contested now: each says so wherever a table shows it, and what depends on it has it in its tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from services.planner.domain.contests import ContestStep
from services.planner.pages.addresses import Addresses
from services.planner.pages.desk import At
from services.planner.pages.discussion import mark_of
from services.planner.pages.frame import Place
from services.planner.store import contests
from shared.pages import Flag
from shared.problems import Text
from shared.web import Db

CONTESTED: Final = Text("contestato", "contested")
CONTESTED_TODAY: Final = Text("contestato ora", "contested now")
"""Beside a figure of another day."""


@dataclass(frozen=True, slots=True)
class Contested:
    """Numeri contestati: the open contests, the newest first, and what a table says of each by its figure's address."""

    steps: Sequence[ContestStep]
    flags: Mapping[str, Flag]
    mark: str
    """Changes with every step of them."""

    def of(self, municipality: str) -> list[ContestStep]:
        return [step for step in self.steps if step.municipality == municipality]


async def contested_now(db: Db, place: Place, at: At) -> Contested:
    async with db.reading() as session:
        steps = await contests.latest_steps(session, place.code, only_open=True)
    return Contested(steps, flags_of(steps, at), mark_of(steps))


def flags_of(steps: Sequence[ContestStep], at: Addresses) -> dict[str, Flag]:
    word = CONTESTED if at.days.is_now else CONTESTED_TODAY
    return {at.figure(step.figure): Flag(word, at.figure(step.figure, "contestazioni")) for step in steps}


OpenContests = Annotated[Contested, Depends(contested_now)]
