"""Iter del piano: a plan is proposed and frozen; its editions, the steps of each, and its document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.document import ANSWERS, PACKAGE_ANSWERS, handed_out, packed, wanted_format
from services.planner.api.editions import (
    AmbitoPath,
    Asked,
    Sha256,
    ShortText,
    Whole,
    Year,
    asked,
    own,
    planner_settings,
)
from services.planner.api.proposals import Proposal, proposal_of
from services.planner.api.steps import EditionId, Proposed, Steps, propose
from services.planner.document.canonical import read_document
from services.planner.document.model import Document
from services.planner.store import documents
from services.planner.store import editions as store
from shared.arrivals import Arrival, Shape, answer, arriving, not_found, once, read_value
from shared.events import Act, EditionKind, Office, PlanStatus, PlanStatusChanged
from shared.idempotency import Answer
from shared.lifecycle_wording import step_sentence
from shared.openapi import body, problems, responses
from shared.sign_in import Who, audit_head
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["editions"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(65_536))]
EditionPath = Annotated[int, Path(alias="edition", ge=1, le=1000)]
FirstYear = Annotated[
    int | None, Query(ge=2017, le=2100, description="Primo anno del triennio; senza, quello del piano in vigore")
]


class NewEdition(Shape):
    """What is proposed: the plan as it stands now; not if it is another than the `version` given, if one is."""

    kind: EditionKind
    office: Office
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class EditionStep(Shape):
    """Passo dell'edizione; `document_hash` is that of the document as it was marked with it, `audit_head` the seal of
    the sign-ins up to it.
    """

    step: Whole
    status: PlanStatus
    on: date
    office: Office
    organisation: ShortText
    acts: list[Act] = Field(max_length=10)
    reason: str | None = Field(max_length=2000)
    text_it: str = Field(max_length=4000)
    version: Whole
    plan_hash: Sha256
    document_hash: Sha256
    audit_head: Sha256 | None

    @classmethod
    def of(cls, step: PlanStatusChanged) -> EditionStep:
        told = {name: getattr(step, name) for name in cls.model_fields if name != "text_it"}
        return cls.model_validate(told | {"text_it": step_sentence(step)})


class PlanEdition(Shape):
    """Edizione del piano: how it stands, what it is frozen as, and every step so far."""

    ambito: ShortText
    first_year: Year
    edition: Whole
    kind: EditionKind
    status: PlanStatus
    on: date
    version: Whole
    plan_hash: Sha256
    rules_on: date
    log_head: Sha256
    document_hash: Sha256
    audit_head: Sha256 | None
    steps: list[EditionStep] = Field(max_length=1000)
    links: dict[str, str] = Field(alias="_links", max_length=10)

    @classmethod
    def of(cls, steps: Sequence[PlanStatusChanged]) -> PlanEdition:
        last, path = steps[-1], _id_of(steps[-1]).path
        told = {name: getattr(last, name) for name in cls.model_fields if name not in ("steps", "links")}
        links = {name: f"{path}/{name}?first_year={last.first_year}" for name in ("document", "package")}
        links["drift"] = f"/plans/{last.ambito}/drift?from_edition={last.edition}"
        return cls.model_validate(told | {"steps": [EditionStep.of(step) for step in steps], "_links": links})


class EditionList(Shape):
    """The editions of a triennium, oldest first; `status` is how the plan stands: in collection before the first."""

    ambito: ShortText
    first_year: Year
    status: PlanStatus
    items: list[PlanEdition] = Field(max_length=1000)


class StepList(Shape):
    """The steps of an edition, in order."""

    items: list[EditionStep] = Field(max_length=1000)


BODIES: Final = (NewEdition,)
"""Read strictly."""


@router.get(
    "/{ambito}/editions",
    operation_id="edition_list",
    summary="Le edizioni del piano",
    description="Ogni edizione proposta nel triennio, con il suo stato, i suoi atti e l’impronta del suo documento.",
)
async def listing(request: Request, db: Db, who: Who, ambito: AmbitoPath, first_year: FirstYear = None) -> EditionList:
    own(who, ambito)
    year = first_year or present_year(request)
    async with db.reading() as session:
        steps = await store.steps_of(session, ambito, year)
    editions = [PlanEdition.of(list(some)) for _, some in groupby(steps, key=lambda step: step.edition)]
    status = editions[-1].status if editions else PlanStatus.COLLECTING
    return EditionList(ambito=ambito, first_year=year, status=status, items=editions)


@router.post(
    "/{ambito}/editions",
    status_code=201,
    operation_id="edition_propose",
    summary="Proporre il piano",
    description="Congela il piano com’è ora: documento, numeri, regole, registro degli eventi. Ogni riga deve essere "
    "trasmessa, o registrata come inadempienza.",
    responses=responses({201: (PlanEdition, "Proposto")}, 409),
    openapi_extra=body(
        "NewEdition", "Che cosa si propone", triennale={"kind": "TRIENNIAL", "office": "HOUSING_OFFICE", "version": 41}
    ),
    response_class=Response,
)
async def propose_edition(request: Request, db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    wanted = read_value(NewEdition, arrival.document)
    plans = await asked(request, db, arrival.who, ambito)
    proposal = await proposal_of(plans, planner_settings(request))
    return await once(db, arrival, partial(_propose, plans, proposal, wanted, await audit_head(request)))


async def _propose(
    plans: Asked, proposal: Proposal, wanted: NewEdition, head: str, arrival: Arrival, session: AsyncSession
) -> Answer:
    return created(await propose(session, arrival, plans, proposal, Proposed(**dict(wanted)), head))


@router.get(
    "/{ambito}/editions/{edition}",
    operation_id="edition_show",
    summary="Un’edizione del piano",
    description="Il suo stato, i suoi passi con gli atti, e che cosa vi è congelato.",
)
async def one(
    request: Request, db: Db, who: Who, ambito: AmbitoPath, number: EditionPath, first_year: FirstYear = None
) -> PlanEdition:
    return PlanEdition.of(await _steps(request, db, who, ambito, number, first_year))


@router.get(
    "/{ambito}/editions/{edition}/steps",
    operation_id="edition_steps",
    summary="I passi di un’edizione",
    description="In ordine, ciascuno con il giorno, l’ufficio, gli atti e l’impronta del documento di allora.",
)
async def steps_of(
    request: Request, db: Db, who: Who, ambito: AmbitoPath, number: EditionPath, first_year: FirstYear = None
) -> StepList:
    steps = await _steps(request, db, who, ambito, number, first_year)
    return StepList(items=[EditionStep.of(step) for step in steps])


class FrozenDocument(NamedTuple):
    """Documento congelato di un'edizione, as it was marked with its last step; its files begin with `stem`."""

    ambito: str
    document: Document
    content: bytes
    stem: str


async def frozen_document(
    request: Request, db: Db, who: Who, ambito: AmbitoPath, number: EditionPath, first_year: FirstYear = None
) -> FrozenDocument:
    last = (await _steps(request, db, who, ambito, number, first_year))[-1]
    async with db.reading() as session:
        kept = await documents.content_of(session, last.document_hash)
    assert kept is not None, "a step’s document is kept in its transaction, and nothing is ever deleted"
    found = await asyncio.to_thread(read_document, kept[1])
    return FrozenDocument(ambito, found, kept[1], f"piano-{ambito}-{last.first_year}-edizione-{number}")


Frozen = Annotated[FrozenDocument, Depends(frozen_document)]


@router.get(
    "/{ambito}/editions/{edition}/document",
    operation_id="edition_document",
    summary="Il documento di un’edizione",
    description="Quello congelato quando fu proposta, con lo stato e gli atti in copertina: PDF, o gli stessi "
    "contenuti come dati.",
    response_class=Response,
    responses=ANSWERS | problems(406),
)
async def document(request: Request, frozen: Frozen) -> Response:
    return await handed_out(request, wanted_format(request), frozen.document, frozen.content, frozen.stem)


@router.get(
    "/{ambito}/editions/{edition}/package",
    operation_id="edition_package",
    summary="Un’edizione come dati aperti",
    description="Il suo documento, congelato, come archivio zip: tabelle in CSV, comuni in GeoJSON, documento in JSON "
    "con il suo schema, dizionario dei dati, metadati DCAT-AP_IT. Sono sempre gli stessi byte, fino al suo prossimo "
    "passo.",
    response_class=Response,
    responses=PACKAGE_ANSWERS,
)
async def package(request: Request, frozen: Frozen) -> Response:
    return await packed(request, frozen.document, frozen.ambito, frozen.stem)


async def _steps(
    request: Request, db: Db, who: Who, ambito: str, number: int, first_year: int | None
) -> list[PlanStatusChanged]:
    own(who, ambito)
    edition = EditionId(ambito, first_year or present_year(request), number)
    async with db.reading() as session:
        steps = await store.steps_of(session, *edition)
    if not steps:
        raise not_found(edition.path)
    return steps


def created(steps: Steps) -> Answer:
    return answer(201, PlanEdition.of(steps), Location=_id_of(steps[-1]).path)


def _id_of(step: PlanStatusChanged) -> EditionId:
    return EditionId(step.ambito, step.first_year, step.edition)


def present_year(request: Request) -> int:
    return planner_settings(request).planner_first_year
