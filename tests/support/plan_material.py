"""The synthetic ambito's plan as the material that its document is assembled from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from services.planner.document.assembly import document_of, draft_of
from services.planner.document.model import Document
from services.planner.domain.chronicle import state_as_of
from services.planner.domain.parts import Material
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.handlers import method_of
from services.planner.law.directives import regional_directives
from services.planner.settings import PlannerSettings
from shared.events import Message, PlanRecomputed
from shared.events.submissions import SubmissionReceived
from shared.territory import ambito
from tests.support.planner import synthetic
from tests.support.world import AMBITO


def material_of(messages: Sequence[Message], on: date | None = None) -> Material:
    """What the events true by a day (None: all) make."""
    method, municipalities = method_of(PlannerSettings()), ambito(AMBITO).municipalities
    state = state_as_of(AMBITO, method.bands, messages, on)
    plan = method.plan_of(state)
    return Material(
        plan,
        state,
        method.law(plan.reference_on),
        survey_ambito(municipalities, ASSUMED),
        method.people(AMBITO),
        {one.istat_code: dict(one.population_history) for one in municipalities},
        regional_directives(),
    )


def filed_in(messages: Sequence[Message]) -> list[SubmissionReceived]:
    return [message.event for message in messages if isinstance(message.event, SubmissionReceived)]


def assembled(messages: Sequence[Message], versions: Sequence[PlanRecomputed] = ()) -> Document:
    material = material_of(messages)
    return document_of(material, draft_of(material.plan, 12, "0" * 64), filed_in(messages), versions, synthetic=True)


@cache
def synthetic_material() -> Material:
    return material_of(synthetic().past)


@cache
def assembled_synthetic() -> Document:
    return assembled(synthetic().past)
