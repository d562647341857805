"""The plan's document, assembled from the plan: frontespizio, quadro normativo, sette parti, allegati."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.planner.document.annexes import annexes
from services.planner.document.canonical import sealed
from services.planner.document.filed import submissions
from services.planner.document.framework import knowledge, recognition
from services.planner.document.legal_frame import legal_frame
from services.planner.document.lines_of_action import access, emergency, strategies
from services.planner.document.model import Cover, Document, Edition
from services.planner.document.need import need
from services.planner.document.supply import supply
from services.planner.document.texts import with_texts
from services.planner.domain.lifecycle.cycle import cycle_of
from services.planner.domain.parts import Material
from services.planner.domain.plan import Plan
from services.planner.domain.withholding import plan_hash
from shared.events.plans import PlanRecomputed
from shared.events.submissions import SubmissionReceived
from shared.territory import UnknownAmbitoError, ambito

TITLE: Final = "Piano triennale dell’offerta dei servizi abitativi pubblici e sociali"
DRAFT: Final = "bozza, non approvato"
NOT_APPROVED: Final = "Bozza: nessun organo ha approvato questa edizione del piano."
PARTS: Final = tuple(map(with_texts, (knowledge, recognition, need, supply, strategies, emergency, access)))


def draft_of(plan: Plan, version: int, log_head: str) -> Edition:
    """Edition of a plan that nobody has approved, made of the events that the link of their log seals."""
    return Edition(version, DRAFT, plan.reference_on, plan.rules_on, plan_hash(plan), log_head)


def document_of(
    material: Material,
    edition: Edition,
    filed: Sequence[SubmissionReceived],
    versions: Sequence[PlanRecomputed],
    *,
    synthetic: bool,
) -> Document:
    """The whole document, sealed with its hash.

    `filed` are all declarations known, in any order; `versions` what the change log tells, newest first; `synthetic`
    says that homes and events are made up.
    """
    cycle = cycle_of(material.plan, material.state, filed)
    return sealed(
        Document(
            cover=_cover(material.plan),
            edition=edition,
            legal_frame=legal_frame(material.rules),
            submissions=submissions(material.plan, cycle, synthetic=synthetic),
            parts=tuple(part(material) for part in PARTS),
            annexes=annexes(material, cycle, versions),
            synthetic=synthetic,
        )
    )


def _cover(plan: Plan) -> Cover:
    """Whose plan it is; an ambito whose territory is not installed is known by its code."""
    try:
        place = ambito(plan.ambito)
        name, lead = place.name, f"Comune di {place.lead.name}"
    except UnknownAmbitoError:
        name, lead = f"Ambito {plan.ambito}", f"Ambito {plan.ambito}"
    return Cover(TITLE, name, lead, plan.triennium.years, (NOT_APPROVED,))
