"""Commenti: threads on a figure or a section of the plan, by organisations and never by name, for who has signed in."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.api.editions import AmbitoPath, Asked, Plans, ShortText, Whole, own
from services.planner.api.listings import OfDiscussion
from services.planner.domain.labels import EVERY_LABEL, label_it
from services.planner.domain.plan import key_of
from services.planner.store import comments as store
from services.planner.store.comments import Thread
from services.planner.store.decisions import announced
from services.planner.tables.discussion import CommentRow
from shared.arrivals import Arrival, PageLinks, Shape, answer, arriving, not_found, once, read_value
from shared.auth import Principal
from shared.bus import outbox
from shared.events import CommentReplied
from shared.events.base import LongText
from shared.events.contests import PLACE, PlaceId
from shared.idempotency import Answer
from shared.openapi import body, problems, responses
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.roles import Reach
from shared.territory import UnknownAmbitoError
from shared.territory import ambito as territory_of
from shared.web import Db

router = APIRouter(prefix="/plans", tags=["comments"], responses=problems(404))
Arrived = Annotated[Arrival, Depends(arriving(16_384))]


class NewComment(Shape):
    """A comment on a place of the plan; with `thread` a reply, which opens the thread again if it was resolved."""

    place: PlaceId
    text: LongText
    thread: UUID | None = None


class Resolution(Shape):
    """With which words the thread is resolved."""

    text: LongText


class Comment(Shape):
    """Commento, by its number in the thread: which organisation wrote it in which role."""

    number: Whole
    organisation: ShortText
    role: ShortText
    text: Annotated[str, Field(max_length=2000)]
    resolved: bool
    written_at: datetime


class CommentThread(Shape):
    """A comment on a place of the plan, and what was replied; resolved if its last comment says so."""

    id: UUID
    place: Annotated[str, Field(pattern=PLACE, max_length=150)]
    resolved: bool
    comments: list[Comment] = Field(max_length=1000)

    @classmethod
    def of(cls, thread: Thread) -> CommentThread:
        told = [Comment(**{name: getattr(row, name) for name in Comment.model_fields}) for row in thread]
        return cls(id=thread[0].thread, place=thread[0].place, resolved=thread[-1].resolved, comments=told)


class ThreadPage(Shape):
    """Threads, the one that was written in last comes first."""

    items: list[CommentThread] = Field(max_length=200)
    links: PageLinks = Field(alias="_links")


BODIES: Final = (NewComment, Resolution)
"""Read strictly."""


@router.get(
    "/{ambito}/comments",
    operation_id="comment_list",
    summary="I commenti al piano",
    description="Le discussioni su un numero o su una sezione, o tutte, dalla più recente.",
)
async def listing(
    plans: Plans,
    db: Db,
    window: OfDiscussion,
    place: Annotated[str | None, Query(pattern=PLACE, max_length=150)] = None,
    resolved: bool | None = None,
) -> ThreadPage:
    async with db.reading() as session:
        threads = await store.threads_of(session, plans.plan.ambito, place)
    found = [one for one in threads if resolved in (None, one[-1].resolved) and is_shown(plans, one[0].place)]
    asked = {"place": place, "resolved": None if resolved is None else str(resolved).lower()}
    shown, links = window.cut(partial(plans.path, "comments"), found, **asked)
    return ThreadPage(items=[CommentThread.of(thread) for thread in shown], _links=links)


@router.post(
    "/{ambito}/comments",
    status_code=201,
    operation_id="comment_write",
    summary="Commentare un numero o una sezione del piano",
    description="Testo semplice; con «thread» è una risposta. Non scrivere nulla che faccia riconoscere una famiglia.",
    responses=responses({201: (CommentThread, "La discussione, con il commento")}),
    openapi_extra=body(
        "NewComment",
        "Dove, e che cosa",
        commento={"place": "019036:-:needing_works:-", "text": "Due di questi alloggi sono già in appalto."},
    ),
    response_class=Response,
)
async def write(plans: Plans, db: Db, ambito: AmbitoPath, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(write_comment, plans))


@router.post(
    "/{ambito}/comments/{thread}/resolve",
    operation_id="comment_resolve",
    summary="Chiudere una discussione",
    description="Il capofila, il suo partner tecnico o chi l’ha cominciata. Una risposta la riapre.",
    responses=responses({200: (CommentThread, "La discussione chiusa")}, 409),
    openapi_extra=body("Resolution", "Con quali parole", chiusura={"text": "corretto nella revisione 3"}),
    response_class=Response,
)
async def resolve(db: Db, ambito: AmbitoPath, thread: UUID, arrival: Arrived) -> Response:
    return await once(db, arrival, partial(resolve_thread, ambito, thread))


async def write_comment(plans: Asked, arrival: Arrival, session: AsyncSession) -> Answer:
    ambito, wanted = plans.plan.ambito, read_value(NewComment, arrival.document)
    if not is_there(plans, wanted.place) or not is_shown(plans, wanted.place):
        raise invalid([FieldError("/place", wanted.place, _NO_PLACE, _NO_PLACE_REMEDY)])
    thread = wanted.thread or arrival.new_id()
    before = await store.open_thread(session, ambito, thread)
    if wanted.thread is not None and (not before or before[0].place != wanted.place):
        raise not_found(f"/plans/{ambito}/comments/{wanted.thread}")
    rows = _add(session, arrival, ambito, thread, before, wanted.place, wanted.text, resolved=False)
    return answer(201, CommentThread.of(rows), Location=f"/plans/{ambito}/comments")


async def resolve_thread(ambito: str, thread: UUID, arrival: Arrival, session: AsyncSession) -> Answer:
    own(arrival.who, ambito)
    wanted = read_value(Resolution, arrival.document)
    before = await store.open_thread(session, ambito, thread)
    if not before or not (arrival.reach is Reach.ALL or before[0].organisation == arrival.who.organisation):
        raise not_found(f"/plans/{ambito}/comments/{thread}")
    if before[-1].resolved:
        raise Problem(409, "thread-resolved", of_status(409).title, _RESOLVED)
    rows = _add(session, arrival, ambito, thread, before, before[0].place, wanted.text, resolved=True)
    return answer(200, CommentThread.of(rows))


def _add(
    session: AsyncSession,
    arrival: Arrival,
    ambito: str,
    thread: UUID,
    before: list[CommentRow],
    place: str,
    text: str,
    *,
    resolved: bool,
) -> list[CommentRow]:
    """Write the comment, and tell the others of the thread that there is one."""
    who: Principal = arrival.who
    row = CommentRow(
        ambito=ambito,
        thread=thread,
        number=len(before) + 1,
        place=place,
        organisation=who.organisation,
        role=who.role,
        text=text,
        resolved=resolved,
        written_at=arrival.at,
    )
    session.add(row)
    others = tuple(sorted({one.organisation for one in before} - {who.organisation}))
    if others:
        event = CommentReplied(
            ambito=ambito,
            municipality=_municipality_of(ambito, place),
            thread=thread,
            number=row.number,
            place=place,
            label_it=label_of(place),
            to=others,
            resolved=resolved,
            on=arrival.on,
            organisation=who.organisation,
        )
        outbox.put(session, [announced(f"{thread}/{row.number}", ambito, event, arrival.at, arrival.traceparent)])
    return [*before, row]


def label_of(place: str) -> str:
    """What the place is called: a section by its own name."""
    if "/" in place:
        return "parte {}, sezione {}".format(*place.split("/"))
    key = key_of(place)
    return label_it(key.figure, key.year)


def is_there(plans: Asked, place: str) -> bool:
    """A figure must be of the plan's names and places; sections are what the texts of the plan have."""
    if "/" in place:
        return True
    key = key_of(place)
    return key.figure in EVERY_LABEL and (key.municipality is None or key.municipality in plans.plan.names)


def is_shown(plans: Asked, place: str) -> bool:
    """What is said of a count of households is for who may see the count."""
    return "/" in place or plans.opens(key_of(place))


def _municipality_of(ambito: str, place: str) -> str:
    municipality = None if "/" in place else key_of(place).municipality
    try:
        return municipality or territory_of(ambito).lead.istat_code
    except UnknownAmbitoError:
        raise not_found(f"/plans/{ambito}") from None


_RESOLVED = Text("La discussione è già chiusa.", "The thread is resolved already.")
_NO_PLACE = Text("Nel piano non c’è questo numero, o non è pubblicato.", "The plan tells no such figure.")
_NO_PLACE_REMEDY = Text("Indicare un numero o una sezione del piano.", "Give a figure or a section of the plan.")
