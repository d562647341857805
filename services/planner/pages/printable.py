"""The whole document as one page, to be read and printed: of the plan as it stands now, and of an edition.

It is the same for every reader, so it is written once for each document, off the event loop, and kept packed.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from services.planner.api.document import assembled, keep, sources_of
from services.planner.api.editions import planner_settings
from services.planner.document.canonical import json_of, read_document
from services.planner.document.model import Document
from services.planner.document.web import page_of
from services.planner.pages.addresses import Days
from services.planner.pages.desk import Shown, made_once, shown
from services.planner.pages.editions import Asked
from services.planner.pages.frame import OPERATION, IfNoneMatch, Place, unchanged
from services.planner.store import documents
from shared.web import VERSION, Db

router = APIRouter()
KEPT: Final = 8

_binder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bindery")


class Bound(NamedTuple):
    """A page as it is sent, and packed for who can unpack it."""

    page: bytes
    packed: bytes


_bound: OrderedDict[str, Bound] = OrderedDict()


@router.get("/ambiti/{ambito_code}/stampa", operation_id=OPERATION)
async def printable_page(request: Request, db: Db, place: Place, if_none_match: IfNoneMatch = "") -> Response:
    """The plan as it stands now; of other days there is none, for it counts households."""
    plan = await shown(request, db, place, Days())
    document = await made_once(db, plan, "documento", partial(_document, plan, request))
    return await _sent(request, document, place.code, if_none_match)


@router.get("/ambiti/{ambito_code}/edizioni/{number}/stampa", operation_id=OPERATION)
async def printable_edition(
    request: Request, db: Db, place: Place, edition: Asked, if_none_match: IfNoneMatch = ""
) -> Response:
    """The frozen document as it was marked last: for everybody when it is published, before that for the offices."""
    async with db.reading() as session:
        kept = await documents.content_of(session, edition.last.document_hash)
    assert kept is not None, "a step’s document is kept in its transaction, and nothing is ever deleted"
    document = await asyncio.to_thread(read_document, kept[1])
    return await _sent(request, document, place.code, if_none_match)


async def _document(plan: Shown, request: Request) -> Document:
    """Kept by its hash, like whatever is handed out."""
    asked = plan.asked
    found = await assembled(asked, await sources_of(asked), planner_settings(request))
    await keep(asked, found, await asyncio.to_thread(json_of, found))
    return found


async def _sent(request: Request, document: Document, ambito: str, if_none_match: str) -> Response:
    digest = document.edition.hash
    if (tag := f'W/"{digest}-{VERSION}"') in if_none_match:
        return unchanged(tag)
    bound = _bound.get(digest)
    if bound is None:
        bound = await asyncio.get_running_loop().run_in_executor(_binder, _bind, document, f"/ambiti/{ambito}")
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", "Content-Language": "it"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(bound.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/html")
    return Response(bound.page, headers=headers, media_type="text/html")


def _bind(document: Document, home: str) -> Bound:
    """Who asks for the same meanwhile waits for its turn, and finds it written."""
    digest = document.edition.hash
    if digest not in _bound:
        page = page_of(document, home)
        _bound[digest] = Bound(page, gzip.compress(page, 6, mtime=0))
    found = _bound[digest]
    while len(_bound) > KEPT:
        _bound.popitem(last=False)
    return found
