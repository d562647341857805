"""Verificare un documento: whether a file, or the hash from its foot, is a document of the plan that was handed out.

Nothing that is handed in is kept. Everybody is told of documents that everybody may read; the offices of the ambito of
all. Who has only the hash of another learns nothing, nor who invents a file with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import planner_settings
from services.planner.document.assembly import DRAFT
from services.planner.document.canonical import read_document
from services.planner.document.examiner import MOST, FileKind, Unexaminable, claims_of, differences_of
from services.planner.document.model import Document
from services.planner.document.verification import HASH, Discrepancy
from services.planner.domain.lifecycle.disclosure import is_public, public_documents
from services.planner.pages.addresses import Addresses
from services.planner.pages.desk import BUSY, BUSY_DETAIL
from services.planner.pages.editions import reads_all
from services.planner.pages.frame import page_of, templates
from services.planner.store import documents, editions, journal
from services.planner.store import plans as store
from shared.auth import Principal
from shared.db import Database
from shared.events import PlanStatus, PlanStatusChanged
from shared.forms import Uploaded, keep_visit
from shared.lifecycle_wording import STATUSES, step_sentence
from shared.pages import carried, say
from shared.problems import Problem, Text
from shared.sign_in import Visitor
from shared.territory import ambito
from shared.uploads import MAX_UPLOAD_BYTES
from shared.web import Db

router = APIRouter()
OPERATION: Final = "document_verify"
WAITING_LIMIT: Final = 6
Digest = Annotated[str, Query(alias="impronta", max_length=200)]


@dataclass(frozen=True)
class Found:
    """A document that was handed out, the steps of its edition, and after how many entries the log of today has it."""

    document: Document
    content: bytes
    steps: Sequence[PlanStatusChanged]
    entries: int | None

    @property
    def present(self) -> str:
        """How the edition stands today."""
        return STATUSES[self.steps[-1].status] if self.steps else ""

    @property
    def approval(self) -> str:
        approved = [step for step in self.steps if step.status is PlanStatus.APPROVED]
        return step_sentence(approved[-1]) if approved else ""

    @property
    def address(self) -> str:
        """Of the page on which everybody reads the edition as it stands today."""
        if not (self.steps and is_public(self.steps)):
            return ""
        last = self.steps[-1]
        return f"/ambiti/{last.ambito}/edizioni/{last.edition}/stampa?triennio={last.first_year}"


@dataclass(frozen=True)
class Verdict:
    """What is told: `differences` of a file, None where only the hash was asked for."""

    found: Found | None = None
    differences: Sequence[Discrepancy] | None = None
    fault: Text | None = None

    @property
    def is_same(self) -> bool:
        return self.differences is not None and not self.differences

    @property
    def is_cut(self) -> bool:
        return len(self.differences or ()) >= MOST


class Turn:
    """One file at a time; who would wait too long is sent away."""

    def __init__(self) -> None:
        self._alone, self._waiting = asyncio.Lock(), 0

    async def __aenter__(self) -> None:
        if self._waiting >= WAITING_LIMIT:
            raise Problem(503, "too-many-readers", BUSY, BUSY_DETAIL, headers={"Retry-After": "20"})
        self._waiting += 1
        try:
            await self._alone.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._alone.release()


_turns: WeakKeyDictionary[Database, Turn] = WeakKeyDictionary()


@router.get("/verifica-documento", operation_id=OPERATION)
async def form_page(request: Request, db: Db, who: Visitor, impronta: Digest = "") -> Response:
    """The form; with a hash, which document it is of."""
    wanted = "".join(impronta.split()).lower()
    if not wanted:
        return _page(request, None, "")
    if not HASH.fullmatch(wanted):
        return _page(request, Verdict(fault=NO_HASH), wanted, 422)
    async with _turns.setdefault(db, Turn()):
        found = await _found(db, [wanted], who)
    return _page(request, Verdict(found, fault=None if found else UNKNOWN_HASH), wanted, 200 if found else 404)


@router.post("/verifica-documento", operation_id=OPERATION)
async def file_page(request: Request, db: Db, who: Visitor, upload: Uploaded) -> Response:
    """Without a file, which browsers ask for, back to the form."""
    if not upload.content:
        return RedirectResponse(carried("/verifica-documento"), 303)
    async with _turns.setdefault(db, Turn()):
        verdict = await _examined(db, who, upload.content)
    return _page(request, verdict, "", 422 if verdict.fault else 200)


async def _examined(db: Database, who: Principal | None, content: bytes) -> Verdict:
    try:
        kind, hashes = await claims_of(content)
        found = await _found(db, hashes, who)
        if found is None:
            return Verdict(fault=UNKNOWN.get(kind, UNKNOWN_FILE))
        return Verdict(found, await differences_of(found.content, content))
    except Unexaminable:
        return Verdict(fault=UNEXAMINABLE)


async def _found(db: Database, hashes: Sequence[str], who: Principal | None) -> Found | None:
    """The first of these documents that who asks may be told of."""
    async with db.reading() as session:
        for digest in hashes:
            held = await documents.content_of(session, digest)
            if held is None:
                continue
            place, content = held
            document = await asyncio.to_thread(read_document, content)
            steps = await editions.with_document(session, digest)
            if reads_all(who, place) or await _is_public(session, place, document, steps):
                entries = await journal.place_of_link(session, place, document.edition.log_head)
                return Found(document, content, steps, entries)
    return None


async def _is_public(session: AsyncSession, place: str, document: Document, steps: Sequence[PlanStatusChanged]) -> bool:
    """Published editions, and drafts of the plan as it stood for all to see: not as of days that somebody chose."""
    edition = document.edition
    if steps:
        return edition.hash in public_documents(steps)
    version_hash = await store.hash_of_version(session, place, edition.version)
    return edition.status == DRAFT and edition.plan_hash == version_hash


def _page(request: Request, verdict: Verdict | None, asked: str, status: int = 200) -> Response:
    settings = planner_settings(request)
    place, at = ambito(settings.ambito), Addresses(settings.ambito)
    content: dict[str, Any] = {
        "page": page_of(place, at, say("Verificare un documento", "Verify a document")),
        "verdict": verdict,
        "asked": asked,
        "limit": MAX_UPLOAD_BYTES // 1024**2,
    }
    headers = {"Cache-Control": "no-store"}
    response = templates.TemplateResponse(request, "verification.html", content, status, headers)
    keep_visit(request, response, settings)
    return response


NO_HASH = Text(
    "Un’impronta è di 64 caratteri esadecimali (0–9, a–f): copiarla per intero dal piè di pagina.",
    "A fingerprint has 64 hexadecimal digits (0–9, a–f): copy all of it from the foot of a page.",
)
UNKNOWN_HASH = Text(
    "Nessun documento pubblico del piano ha questa impronta.", "No public document of the plan has this fingerprint."
)
UNKNOWN_FILE = Text(
    "Il file non porta l’impronta di nessun documento pubblico del piano: non è stato consegnato qui o non è pubblico.",
    "The file has the fingerprint of no public document of the plan: it was not handed out here, or not published yet.",
)
UNEXAMINABLE = Text(
    "Il file non si riesce a leggere: è danneggiato, o troppo complesso per essere un documento del piano.",
    "The file cannot be read: it is damaged, or too complex to be a document of the plan.",
)
UNKNOWN: Final = {
    FileKind.ENCRYPTED_PDF: Text(
        "Il PDF è protetto da una password o cifrato: verificare l’originale, senza protezione.",
        "The PDF is protected by a password or encrypted: verify the original, without protection.",
    ),
    FileKind.ARCHIVE: Text(
        "È un archivio: estrarre il file documento.json dal pacchetto dei dati e verificare quello.",
        "This is an archive: take the file documento.json out of the package of data and verify that.",
    ),
    FileKind.OTHER: Text(
        "Non è un PDF, una pagina salvata né un file JSON: si verificano soltanto questi.",
        "This is no PDF, no saved page and no JSON file: only these can be verified.",
    ),
}
