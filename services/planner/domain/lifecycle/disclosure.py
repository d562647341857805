"""Which documents of an edition everybody may read: those of what was published, from its proposal on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.events.lifecycle import PlanStatus, PlanStatusChanged

PUBLIC: Final = frozenset({PlanStatus.PUBLISHED, PlanStatus.SUPERSEDED})
"""How an edition stands that everybody may read. Only a published one is ever superseded."""


def is_public(steps: Sequence[PlanStatusChanged]) -> bool:
    """Whether the edition that went these steps is published, or was until another superseded it."""
    return steps[-1].status in PUBLIC


def public_documents(steps: Sequence[PlanStatusChanged]) -> frozenset[str]:
    """Hashes of the edition's documents that are public; what was returned to its office and proposed anew never is."""
    if not is_public(steps):
        return frozenset()
    return frozenset(step.document_hash for step in since_proposed(steps))


def since_proposed(steps: Sequence[PlanStatusChanged]) -> Sequence[PlanStatusChanged]:
    """The steps of an edition since it was proposed last."""
    proposed = max(place for place, step in enumerate(steps) if step.status is PlanStatus.PROPOSED)
    return steps[proposed:]
