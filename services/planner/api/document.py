"""The plan as a document: to be read (PDF), as the data that it says (canonical JSON), as open data (a package)."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request, Response

from services.planner.api.editions import Asked, Plans, planner_settings
from services.planner.api.material import material_of
from services.planner.document.assembly import document_of, draft_of
from services.planner.document.canonical import json_of
from services.planner.document.model import Document
from services.planner.document.odt import MIME as ODT
from services.planner.document.odt import odt_of
from services.planner.document.package import package_of
from services.planner.document.press import printed
from services.planner.domain.chronicle import state_as_of
from services.planner.domain.state import PlanState
from services.planner.settings import PlannerSettings
from services.planner.store import documents
from services.planner.store import plans as store
from services.planner.store.journal import Log
from shared.events import PlanRecomputed, SubmissionReceived
from shared.openapi import problems
from shared.problems import of_status

router = APIRouter(prefix="/plans", tags=["document"], responses=problems(404))
PDF, JSON, ZIP = "application/pdf", "application/json", "application/zip"
FORMATS: Final = {PDF: "pdf", JSON: "json", ODT: "odt"}
"""How a file of each ends; the first is what somebody gets who takes anything."""
VERSIONS_TOLD: Final = 200
"""In the change log."""
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Il documento; l’ETag è la sua impronta",
        "content": {
            PDF: {},
            ODT: {},
            JSON: {"schema": {"type": "object", "description": "Il documento in JSON canonico, con la sua impronta"}},
        },
    },
    304: {"description": "Il documento non è cambiato"},
}
PACKAGE_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "L’archivio; l’ETag è l’impronta del documento", "content": {ZIP: {}}},
    304: ANSWERS[304],
}


@router.get(
    "/{ambito}/document",
    operation_id="plan_document",
    summary="Il documento di piano",
    description="Con `Accept: application/pdf` il PDF accessibile (PDF/UA-1, PDF/A-2a), con `application/json` gli "
    "stessi contenuti come dati, con `application/vnd.oasis.opendocument.text` come testo da riprendere negli atti. "
    "Le famiglie e i casi vi sono a multipli di cinque: chiunque può leggerlo.",
    response_class=Response,
    responses=ANSWERS | problems(406),
)
async def document(plans: Plans, request: Request) -> Response:
    wanted = wanted_format(request)
    found = await assembled(plans, await sources_of(plans), planner_settings(request))
    content = await asyncio.to_thread(json_of, found)
    await keep(plans, found, content)
    return await handed_out(request, wanted, found, content, f"piano-{plans.plan.ambito}-{found.edition.version}")


def wanted_format(request: Request) -> str:
    """Raises `Problem` 406."""
    wanted = preferred_format(",".join(request.headers.getlist("accept")))
    if wanted is None:
        raise of_status(406)
    return wanted


async def handed_out(request: Request, wanted: str, found: Document, content: bytes, stem: str) -> Response:
    """A document that is kept, as its JSON or printed; nothing of it if who asks has it already."""
    # Weak, because all formats of one document have the same.
    headers = {"ETag": f'W/"{found.edition.hash}"', "Vary": "Accept", "Cache-Control": "no-cache"}
    if found.edition.hash in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if wanted == PDF:
        content = await printed(found)
    elif wanted == ODT:
        content = await asyncio.to_thread(odt_of, found)
    name = f"{stem}.{FORMATS[wanted]}"
    headers |= {"Content-Language": "it", "Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, headers=headers, media_type=wanted)


@router.get(
    "/{ambito}/package",
    operation_id="plan_package",
    summary="Il piano come dati aperti",
    description="Un archivio zip, sempre gli stessi byte: tabelle in CSV, comuni in GeoJSON, il documento in JSON con "
    "il suo schema, dizionario dei dati, metadati DCAT-AP_IT. Dice quello che dice il documento.",
    response_class=Response,
    responses=PACKAGE_ANSWERS,
)
async def package(plans: Plans, request: Request) -> Response:
    found = await assembled(plans, await sources_of(plans), planner_settings(request))
    await keep(plans, found, await asyncio.to_thread(json_of, found))
    return await packed(request, found, plans.plan.ambito, f"piano-{plans.plan.ambito}-{found.edition.version}")


async def packed(request: Request, found: Document, ambito: str, stem: str) -> Response:
    """A document that is kept, as open data; nothing of it if who asks has it already."""
    headers = {"ETag": f'"{found.edition.hash}"', "Cache-Control": "no-cache"}
    if found.edition.hash in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    licence = planner_settings(request).planner_data_licence
    content = await asyncio.to_thread(package_of, found, ambito, licence)
    headers |= {"Content-Language": "it", "Content-Disposition": f'attachment; filename="{stem}.zip"'}
    return Response(content, headers=headers, media_type=ZIP)


class Sources(NamedTuple):
    """What a plan was made of, by its own messages: a plan that moves meanwhile does not get into it."""

    log: Log
    state: PlanState


async def sources_of(plans: Asked) -> Sources:
    log = await plans.log()
    return Sources(log, await asyncio.to_thread(state_as_of, plans.plan.ambito, plans.method.bands, log.messages))


async def assembled(plans: Asked, sources: Sources, settings: PlannerSettings) -> Document:
    """The document of the plan that is asked for, with the declarations and versions that were known of it."""
    material = material_of(plans, sources.state)
    filed = [message.event for message in sources.log.messages if isinstance(message.event, SubmissionReceived)]
    async with plans.db.reading() as session:
        until = plans.head.version + 1
        rows = await store.versions_before(session, plans.plan.ambito, until, VERSIONS_TOLD, quiet_days=False)

    def made() -> Document:
        versions = [PlanRecomputed.read(row.event.encode()) for row in rows]
        edition = draft_of(plans.plan, plans.head.version, sources.log.head)
        return document_of(material, edition, filed, versions, synthetic=settings.planner_synthetic_data)

    return await asyncio.to_thread(made)


async def keep(plans: Asked, found: Document, content: bytes) -> None:
    """By its hash, before anybody gets it: what is handed out can be verified."""
    async with plans.db.reading() as session:
        if await documents.is_kept(session, found.edition.hash):
            return
    async with plans.db.transaction() as session:
        await documents.keep(session, found.edition.hash, plans.plan.ambito, found.edition.version, content)


def preferred_format(accept: str) -> str | None:
    """Which of `FORMATS` the header asks for (RFC 9110, section 12.5.1); None if none of them."""
    weights: dict[str, float] = {}
    for part in filter(None, map(str.strip, accept.lower().split(","))):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media_range] = _weight(parameters)
    if not weights:
        return PDF

    def weight(offered: str) -> float:
        ranges = (offered, f"{offered.partition('/')[0]}/*", "*/*")
        return next((weights[one] for one in ranges if one in weights), 0.0)

    best = max(FORMATS, key=weight)
    return best if weight(best) > 0 else None


def _weight(parameters: list[str]) -> float:
    """The quality of a range; one that cannot be read asks for nothing."""
    given = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    return float(given) if given.replace(".", "", 1).isdecimal() else 0.0
