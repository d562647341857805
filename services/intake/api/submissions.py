"""Dichiarazioni (R.R. 4/2017, art. 5): one owner's annual columns and three-year data for one municipality."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api import examples
from services.intake.api.arrivals import Arrived, message, refuse
from services.intake.api.paging import Cursor, Limit, cut, place_of
from services.intake.domain.access import municipality_faults, owner_kind
from services.intake.domain.faults import Fault
from services.intake.domain.parameters import CycleRules
from services.intake.domain.quotas import Quotas, quotas_of
from services.intake.domain.submissions import Declaration, declaration_faults, missing_parts, says_the_same
from services.intake.tables import SubmissionRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, not_found, once, read_value
from shared.auth import Principal, Role
from shared.bus import outbox
from shared.events import OwnerKind, SubmissionReceived, ThreeYearData
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import Problem, Text, of_status
from shared.roles import Reach
from shared.sign_in import Granted, Who
from shared.territory import ambito, members_of
from shared.web import Db

router = APIRouter(tags=["submissions"])


OF_HOUSEHOLDS: Final = ("/need", "/measures")
"""Where a declaration counts households, and what confirms such a count."""


class Completeness(Shape):
    """Missing parts do not stop the plan: they are estimated, and the plan says so."""

    complete: bool
    missing: list[Annotated[str, Field(max_length=60)]] = Field(max_length=30)


class Submission(Shape):
    """Dichiarazione ricevuta: a revision as it was passed on, what it lacks, and what its shares come to in homes."""

    id: UUID
    received_at: datetime
    supersedes: UUID | None
    completeness: Completeness
    quotas: Quotas | None
    declaration: SubmissionReceived

    @classmethod
    def of(cls, row: SubmissionRow) -> Submission:
        declaration = SubmissionReceived.read(row.body.encode())
        missing, columns = missing_parts(declaration), declaration.columns
        return cls(
            id=row.id,
            received_at=row.received_at,
            supersedes=row.supersedes,
            completeness=Completeness(complete=not missing, missing=missing),
            quotas=quotas_of(columns, CycleRules.of(declaration.cycle_year)) if columns else None,
            declaration=declaration,
        )

    def told_to(self, who: Principal) -> Submission:
        """As it was received, for its owner and who writes the plan; for others without what counts households."""
        if who.role is Role.LEAD or who.organisation == self.declaration.owner:
            return self
        confirmed = (one for one in self.declaration.confirmations if not one.field.startswith(OF_HOUSEHOLDS))
        told = {"need": None, "measures": None, "confirmations": tuple(confirmed)}
        declaration = self.declaration.having(told)
        return self.model_copy(update={"declaration": declaration})


class SubmissionPage(Shape):
    """Revisions, newest first; the highest of a key is the current one."""

    items: list[Submission] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


@router.post(
    "/submissions",
    status_code=201,
    operation_id="submission_send",
    summary="Trasmettere i dati annuali e triennali di un Comune",
    description="Le colonne da a a k di un Comune per un anno, oppure «nil», e le parti per il piano triennale: quelle "
    "che mancano rendono la dichiarazione incompleta. Un valore non plausibile si conferma con il motivo in "
    "«confirmations». Trasmettere di nuovo è una revisione.",
    responses=responses({201: (Submission, "Accolta, con la sua revisione")}),
    openapi_extra=body(
        "DeclarationInput",
        "Le colonne da a a k oppure «nil», e le parti triennali",
        annuale=examples.ANNUAL,
        senza=examples.NIL,
        triennale=examples.THREE_YEARS,
    ),
    response_class=Response,
)
async def send(db: Db, arrival: Arrived) -> Response:
    return await once(db, arrival, _receive)


async def _receive(arrival: Arrival, session: AsyncSession) -> Answer:
    row = await receive(arrival, session, read_value(Declaration, arrival.document))
    return answer(201, Submission.of(row), Location=f"/submissions/{row.id}")


async def receive(
    arrival: Arrival, session: AsyncSession, declaration: Declaration, over: int | None = None
) -> SubmissionRow:
    """The next revision of its row; raises `Problem` 422.

    `over` is the revision that a form was filled in over, 0 where there was none. If another has come since, it is
    this very declaration sent twice, which is one, or somebody else's: then `Problem` 409.
    """
    event = _received(arrival, declaration)
    before = await store.latest_submission(session, event)
    if before is not None:
        if over is not None and before.revision != over:
            return _repeated(before, event)
        event = event.model_copy(update={"revision": before.revision + 1})
    row = await store.add_submission(session, event, before.id if before else None, arrival.at)
    subject = f"{event.municipality}/{event.owner}/{event.cycle_year}"
    outbox.put(session, [message(arrival, event, subject, event.submission_id)])
    return row


def faults_of(who: Principal, declaration: Declaration) -> list[Fault]:
    """All that is wrong with what an organisation declares, whatever channel it comes by."""
    kind, rules, members = owner_kind(who.organisation), CycleRules.of(declaration.cycle_year), members_of(who.ambito)
    where = municipality_faults(who.organisation, who.ambito, members, declaration.municipality, "/municipality")
    inhabitants = inhabitants_of(who.ambito, declaration.municipality) if kind is OwnerKind.MUNICIPALITY else None
    return [*where, *declaration_faults(declaration, kind, rules, inhabitants)]


def _received(arrival: Arrival, declaration: Declaration) -> SubmissionReceived:
    """The event of a declaration, as its first revision; raises `Problem` 422."""
    who, kind, rules = arrival.who, owner_kind(arrival.who.organisation), CycleRules.of(declaration.cycle_year)
    refuse(faults_of(who, declaration))
    return SubmissionReceived(
        submission_id=arrival.new_id(),
        ambito=who.ambito,
        cycle_year=declaration.cycle_year,
        owner=who.organisation,
        owner_kind=kind,
        municipality=declaration.municipality,
        revision=1,
        nil=declaration.nil,
        columns=declaration.columns,
        received_on=arrival.on,
        late=arrival.on > rules.deadline_on,
        **{name: getattr(declaration, name) for name in ThreeYearData.model_fields},
    )


def _repeated(before: SubmissionRow, event: SubmissionReceived) -> SubmissionRow:
    if says_the_same(SubmissionReceived.read(before.body.encode()), event):
        return before
    detail = Text(
        f"Nel frattempo è arrivata la revisione {before.revision} di questa riga.",
        f"Revision {before.revision} of this row has come meanwhile.",
    )
    raise Problem(409, "row-revised-meanwhile", of_status(409).title, detail)


def inhabitants_of(code: str, municipality: str) -> int | None:
    """None where the territory is not installed, or the municipality is none of it."""
    try:
        return ambito(code).municipality(municipality).population
    except LookupError:
        return None


@router.get(
    "/submissions",
    operation_id="submissions_list",
    summary="Elenco delle dichiarazioni, dalla più recente",
    description="Le proprie; chi coordina l’ambito le vede tutte.",
)
async def listing(
    db: Db,
    who: Who,
    reach: Granted,
    cycle_year: Annotated[int | None, Query(ge=2017, le=2100)] = None,
    municipality: Annotated[str | None, Query(pattern=r"^[0-9]{6}$", max_length=6)] = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> SubmissionPage:
    owner = None if reach is Reach.ALL else who.organisation
    asked = (owner, cycle_year, municipality)
    async with db.reading() as session:
        found = await store.submissions_before(session, who.ambito, *asked, place_of(cursor), limit + 1)
    rows, links = cut("/submissions", found, limit, cycle_year=cycle_year, municipality=municipality)
    return SubmissionPage(items=[Submission.of(row).told_to(who) for row in rows], _links=links)


@router.get(
    "/submissions/{submission_id}",
    operation_id="submission_show",
    summary="Una dichiarazione",
    description="La dichiarazione com’è stata accolta, con i motivi dati per i valori insoliti.",
    responses=problems(404),
)
async def one(db: Db, who: Who, reach: Granted, submission_id: UUID) -> Submission:
    async with db.reading() as session:
        row = await store.submission_of(session, who.ambito, submission_id)
    if row is None or not (reach is Reach.ALL or row.owner == who.organisation):
        raise not_found(f"/submissions/{submission_id}")
    return Submission.of(row).told_to(who)
