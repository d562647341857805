"""Which documents of an edition are for everybody: a walk through its steps, one after the other."""

from __future__ import annotations

from hashlib import sha256

import pytest

from services.planner.domain.lifecycle.disclosure import is_public, public_documents
from shared.events import Office, PlanStatus, PlanStatusChanged
from tests.unit.planner.worlds import START

S = PlanStatus
ONCE = (S.PROPOSED, S.SUBMITTED_TO_ASSEMBLY, S.RETURNED)
TWICE = (S.PROPOSED, S.SUBMITTED_TO_ASSEMBLY, S.APPROVED, S.TRANSMITTED_TO_REGION)


def walked(*statuses: PlanStatus) -> list[PlanStatusChanged]:
    """The documents' hashes are those of the steps' numbers."""
    return [
        PlanStatusChanged.model_construct(
            step=number, status=status, on=START, office=Office.MAYOR, document_hash=of(number)
        )
        for number, status in enumerate(statuses, start=1)
    ]


def of(number: int) -> str:
    return sha256(b"%d" % number).hexdigest()


@pytest.mark.parametrize("statuses", [ONCE[:1], ONCE, (*ONCE, *TWICE)])
def test_nothing_of_an_edition_is_public_before_it_is_published(statuses: tuple[PlanStatus, ...]) -> None:
    assert not is_public(walked(*statuses))
    assert public_documents(walked(*statuses)) == frozenset()


@pytest.mark.parametrize("last", [(S.PUBLISHED,), (S.PUBLISHED, S.SUPERSEDED)])
def test_then_what_was_proposed_last_is_with_every_mark_and_what_was_returned_never(
    last: tuple[PlanStatus, ...],
) -> None:
    steps = walked(*ONCE, *TWICE, *last)
    assert is_public(steps)
    assert public_documents(steps) == {of(number) for number in range(len(ONCE) + 1, len(steps) + 1)}
