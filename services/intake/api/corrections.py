"""Rettifiche: while a number is contested, the one cell behind it can be corrected by its owner, and nothing else."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api.arrivals import Arrived, message, refuse
from services.intake.api.submissions import Submission, inhabitants_of
from services.intake.domain.access import owner_kind
from services.intake.domain.corrections import Correction, OpenCell, corrected, correction_faults
from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import declaration_faults
from shared.arrivals import Arrival, answer, not_found, once, read_value
from shared.bus import outbox
from shared.events import OwnerKind, SubmissionReceived
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.web import Db

router = APIRouter(tags=["submissions"])


@router.post(
    "/submissions/{submission_id}/corrections",
    status_code=201,
    operation_id="submission_correct",
    summary="Correggere un dato contestato",
    description="Cambia solo il dato di cui è aperta la contestazione, nell’ultima revisione della riga; se è una "
    "delle colonne da b a f cambia con lui il totale g, che ne è la somma. Ne nasce una revisione che nomina la "
    "contestazione.",
    responses=responses({201: (Submission, "La nuova revisione")}) | problems(404),
    openapi_extra=body(
        "CorrectionInput",
        "Il valore giusto, e perché",
        liberi={
            "contest_id": "0190a7c2-0000-7000-8000-000000000001",
            "value": 4,
            "reason": "un alloggio era stato contato due volte",
        },
    ),
    response_class=Response,
)
async def correct(db: Db, submission_id: UUID, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(correct_cell, submission_id))


async def correct_cell(submission_id: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    """Raises `Problem` 404 or 422."""
    who = arrival.who
    row = await store.submission_of(session, who.ambito, submission_id)
    if row is None or row.owner != who.organisation:
        raise not_found(f"/submissions/{submission_id}")
    correction = read_value(Correction, arrival.document)
    latest = await store.latest_submission(session, SubmissionReceived.read(row.body.encode()))
    assert latest is not None  # the row that was asked for is one of its revisions
    declaration = SubmissionReceived.read(latest.body.encode())
    cell = await _cell(session, declaration, correction)
    refuse(correction_faults(declaration, cell, correction, arrival.on))
    assert cell is not None  # else it has been refused
    event = _corrected(arrival, declaration, cell.path, correction)
    added = await store.add_submission(session, event, latest.id, arrival.at)
    subject = f"{event.municipality}/{event.owner}/{event.cycle_year}"
    outbox.put(session, [message(arrival, event, subject, event.submission_id)])
    return answer(201, Submission.of(added), Location=f"/submissions/{added.id}")


async def _cell(session: AsyncSession, declaration: SubmissionReceived, correction: Correction) -> OpenCell | None:
    """The contested cell if it is one of this very row."""
    found = await store.contested_cell(session, declaration.ambito, correction.contest_id)
    if found is None:
        return None
    whose = (found.owner, found.municipality, found.cycle_year)
    if whose != (declaration.owner, declaration.municipality, declaration.cycle_year):
        return None
    return OpenCell(found.path, found.deadline_on, found.is_open)


def _corrected(
    arrival: Arrival, declaration: SubmissionReceived, path: str, correction: Correction
) -> SubmissionReceived:
    """The next revision, late only if the row was; raises `Problem` 422 where the validator refuses the changed row."""
    kind, rules = owner_kind(declaration.owner), CycleRules.of(declaration.cycle_year)
    is_municipality = kind is OwnerKind.MUNICIPALITY
    people = inhabitants_of(declaration.ambito, declaration.municipality) if is_municipality else None
    changed, faults = corrected(declaration, path, correction, lambda row: declaration_faults(row, kind, rules, people))
    refuse(faults)
    own = {
        "submission_id": arrival.new_id(),
        "revision": declaration.revision + 1,
        "received_on": arrival.on,
    }
    return changed.having(own)
