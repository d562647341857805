"""The document of an edition: the frozen one, marked in front with how it stands and the acts it went through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.planner.document.canonical import sealed
from services.planner.document.model import Document
from services.planner.domain.lifecycle.disclosure import since_proposed
from shared.events.lifecycle import PlanStatusChanged
from shared.lifecycle_wording import STATUSES, step_sentence


def marked(document: Document, steps: Sequence[PlanStatusChanged]) -> Document:
    """The same document with the steps of its edition since it was proposed on the cover, sealed anew.

    Nothing but the cover's acts, the status, the audit's seal and the document's own hash is another than before.
    """
    last = steps[-1]
    acts = (f"Edizione {last.edition}.", *(step_sentence(step) for step in since_proposed(steps)))
    cover = replace(document.cover, acts=acts)
    edition = replace(document.edition, status=STATUSES[last.status], audit_head=last.audit_head or "")
    return sealed(replace(document, cover=cover, edition=edition))
