"""Since the assembly voted: the editions that a page may stand beside, and what moved since one was frozen.

Everybody may compare with editions that were published; who has signed in with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from services.planner.api.against import Frozen, frozen_plan
from services.planner.domain.labels import label_it
from services.planner.domain.plan import FigureKey
from services.planner.domain.plan import Plan as ComputedPlan
from services.planner.domain.publication import is_of_households
from services.planner.pages.addresses import Addresses
from services.planner.pages.comparison import HEADLINES, signed, written
from services.planner.pages.views import Table
from services.planner.store import editions
from shared.auth import Principal
from shared.db import Database
from shared.events import PlanStatus, PlanStatusChanged
from shared.lifecycle_wording import step_sentence
from shared.pages import Cell, Column, say
from shared.pages.formats import number

PUBLIC: Final = frozenset({PlanStatus.PUBLISHED, PlanStatus.SUPERSEDED})
IN_FORCE: Final = frozenset({PlanStatus.APPROVED, PlanStatus.TRANSMITTED_TO_REGION, PlanStatus.PUBLISHED})
KEPT: Final = 4
_frozen: WeakKeyDictionary[Database, dict[tuple[str, int, int, int], Frozen]] = WeakKeyDictionary()


class Voted(NamedTuple):
    """Edizione a confronto: its number in the triennium, and its steps so far."""

    number: int
    steps: Sequence[PlanStatusChanged]

    @property
    def last(self) -> PlanStatusChanged:
        return self.steps[-1]

    @property
    def label(self) -> str:
        return say(f"Edizione {self.number}", f"Edition {self.number}")

    @property
    def told(self) -> str:
        """Who voted it and when; before that, who proposed it."""
        voted = next((step for step in self.steps if step.status is PlanStatus.APPROVED), self.last)
        return step_sentence(voted)


class SinceTheVote(NamedTuple):
    """Dal voto dell'Assemblea: of a municipality the figures that moved, and where their causes are."""

    edition: Voted
    figures: Table
    href: str


async def editions_shown(db: Database, ambito: str, first_year: int, reader: Principal | None) -> list[Voted]:
    """Oldest first; `reader` is who has signed in."""
    async with db.reading() as session:
        steps = await editions.steps_of(session, ambito, first_year)
    every = [Voted(edition, tuple(some)) for edition, some in groupby(steps, key=lambda step: step.edition)]
    return [one for one in every if one.last.status in PUBLIC or (reader is not None and reader.ambito == ambito)]


def in_force(shown: Sequence[Voted]) -> Voted | None:
    """The edition that the assembly approved last, of those that are shown."""
    return next((one for one in reversed(shown) if one.last.status in IN_FORCE), None)


async def frozen_of(db: Database, voted: Voted) -> Frozen:
    """What was frozen of the edition, read once: it never changes, but for one returned and proposed anew."""
    last = voted.last
    kept, key = _frozen.setdefault(db, {}), (last.ambito, last.first_year, last.edition, last.version)
    if key not in kept:
        found = await frozen_plan(db, last.ambito, last.first_year, last.edition)
        assert found is not None, "an edition is frozen in the transaction of its first step"
        kept[key] = found
        while len(kept) > KEPT:
            kept.pop(next(iter(kept)))
    return kept[key]


async def since_the_vote(
    db: Database, plan: ComputedPlan, version: int, istat: str, reader: Principal | None, at: Addresses
) -> SinceTheVote | None:
    """None where the assembly has approved nothing, or nothing that the reader may see."""
    voted = in_force(await editions_shown(db, plan.ambito, plan.triennium.first_year, reader))
    if voted is None:
        return None
    labels = voted.label, say(f"Versione {number(version)}", f"Version {number(version)}")
    table = moved((await frozen_of(db, voted)).plan.figures, plan.figures, istat, labels)
    return SinceTheVote(voted, table, at.to("scostamenti", edizione=str(voted.number), comune=istat))


def moved(before: Mapping[FigureKey, int], now: Mapping[FigureKey, int], istat: str, labels: tuple[str, str]) -> Table:
    """The main figures of the municipality that are not what they were; none that counts households."""
    keys = [FigureKey(istat, None, name, None) for name in HEADLINES if not is_of_households(name)]
    pairs = [(key, before.get(key, 0), now.get(key, 0)) for key in keys]
    rows = [
        [
            Cell(label_it(key.figure, None)),
            *map(Cell, (written(key, was), written(key, is_now), signed(key, is_now - was))),
        ]
        for key, was, is_now in pairs
        if was != is_now
    ]
    columns = [
        Column(say("Che cosa", "What")),
        *(Column(text, "shown") for text in (*labels, say("Differenza", "Difference"))),
    ]
    return Table(
        say("I numeri principali, allora e in questa versione", "The main figures, then and in this version"),
        columns,
        rows,
    )
