"""A contested cell under any order of events, beside a plain model of what must have become of it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.planner.contesting import settled
from services.planner.domain.contests import (
    OPEN,
    ContestStatus,
    ContestStep,
    Ending,
    contests_of,
    ending_of,
    status_of,
)
from services.planner.domain.state import PlanState, fold
from shared.events import ContestAnswered, ContestedCell, ContestOutcome, FigureContested, Measure
from tests.unit.planner.worlds import AMBITO, CREMONA, START, empty, message, submission

FIGURE = f"{CREMONA}:aler:column_free_now_declared:2027"
CONTESTED = 5
CELL = ContestedCell(cycle_year=2026, path="columns/free_now", value=CONTESTED)


class ContestMachine(RuleBasedStateMachine):
    """The state hears revisions, days and steps, some of them again and in any order; the book takes one ending."""

    def __init__(self) -> None:
        super().__init__()
        self.state: PlanState = empty()
        self.number, self.revision, self.declared = 1, 1, CONTESTED
        self.on: date = START
        self.book: list[ContestStep] = []
        self.told: list[ContestStep] = []
        self.model = ContestStatus.OPEN
        self.heard_first = False

    @initialize()
    def contest(self) -> None:
        self._fold(submission(1, CONTESTED, self._next()).event)
        first = FigureContested(
            contest_id=UUID(int=1),
            ambito=AMBITO,
            municipality=CREMONA,
            revision=1,
            figure=FIGURE,
            label_it="già liberi",
            measure=Measure.COUNT,
            value=CONTESTED,
            expected=None,
            owner="aler",
            cell=CELL,
            reason="ne mancano",
            contester="comune-019036",
            contested_on=START,
            deadline_on=START + timedelta(days=15),
            on=START,
            organisation="comune-019036",
        )
        self.book.append(first)

    @rule(again=st.integers(0, 5))
    def hear_a_step(self, again: int) -> None:
        """Any of the book's steps, also one heard before."""
        step = self.book[min(again, len(self.book) - 1)]
        self._fold(step)
        self.told.append(step)
        self._look()

    @rule(free=st.integers(3, 6))
    def revise(self, free: int) -> None:
        self.revision, self.declared = self.revision + 1, free
        self._fold(submission(self.revision, free, self._next()).event)
        self._look()

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        self.on += timedelta(days=days)
        self._look()

    @precondition(lambda self: self.model in OPEN)
    @rule()
    def answer(self) -> None:
        last = self.book[-1]
        terms = {name: getattr(last, name) for name in FigureContested.model_fields}
        self.book.append(ContestAnswered(**terms | {"revision": last.revision + 1, "on": self.on}, answer="no"))
        self.model = ContestStatus.ANSWERED

    @precondition(lambda self: self.model in OPEN)
    @rule(outcome=st.sampled_from([ContestOutcome.CONFIRMED, ContestOutcome.WITHDRAWN]))
    def close(self, outcome: ContestOutcome) -> None:
        self.book.append(settled(self.book[-1], Ending(outcome, "perché"), self.on, "comune-019036"))
        self.model = ContestStatus(outcome)

    @invariant()
    def one_contest_with_gapless_steps_and_one_ending(self) -> None:
        assert [step.revision for step in self.book] == list(range(1, len(self.book) + 1))
        assert sum(status_of(step) not in OPEN for step in self.book) <= 1
        if self.book:
            assert status_of(self.book[-1]) is self.model

    @invariant()
    def the_state_has_the_highest_step_heard(self) -> None:
        heard = [step.revision for step in self.told]
        assert [step.revision for step in contests_of(self.state)] == ([max(heard)] if heard else [])

    def _look(self) -> None:
        """What the planner does at every batch; the model decides by plain comparison."""
        for step in contests_of(self.state):
            if status_of(step) not in OPEN:
                continue
            ending = ending_of(step, self.state, self.declared, self.on, ())
            wanted = (
                ContestOutcome.CORRECTED
                if self.declared != CONTESTED
                else ContestOutcome.EXPIRED
                if (self.on - START).days > 15
                else None
            )
            assert (ending.outcome if ending else None) == wanted
            if ending is not None and self.model in OPEN:
                self.book.append(settled(self.book[-1], ending, self.on))
                self.model = ContestStatus(ending.outcome)
                if wanted is ContestOutcome.CORRECTED:
                    assert (ending.new_value, ending.new_cell_value) == (self.declared, self.declared)

    def _fold(self, event: object) -> None:
        fold(self.state, message(event, self._next()))  # type: ignore[arg-type]

    def _next(self) -> int:
        self.number += 1
        return self.number


ContestMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestContests = ContestMachine.TestCase
