"""What the planner tells: which published figures of the plan moved, and why."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.base import AmbitoCode, Event, IstatCode, LongText, OrganisationId, ShortText, Value

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Measure(StrEnum):
    """How the integer of a figure is read: a count, or thousandths of a unit."""

    COUNT = "COUNT"
    THOUSANDTHS = "THOUSANDTHS"


class Audience(StrEnum):
    """Destinatari: who may be told, everybody, or the municipality that it is of and who writes the plan."""

    EVERYBODY = "EVERYBODY"
    MUNICIPALITY = "MUNICIPALITY"


class Cause(Value):
    """Why a plan moved: one event and what it was about."""

    event_id: UUID
    kind: ShortText
    subject: ShortText
    municipality: IstatCode
    organisation: OrganisationId | None = None
    on: date
    audience: Audience = Audience.EVERYBODY


class FigureChange(Value):
    """One published figure before and after; `None` is "not there". `year` is the calendar year it speaks of.

    One that `is_pooled` follows from the households of other municipalities too: only who writes the plan is told.
    """

    figure: ShortText
    label_it: ShortText
    owner: OrganisationId | None = None
    year: int | None = None
    measure: Measure
    before: int | None
    after: int | None
    audience: Audience = Audience.EVERYBODY
    is_pooled: bool = False


class MunicipalityChange(Value):
    """The figures of one municipality that moved, and the causes that touch it (of the whole batch if none does).

    Both lists are cut to keep the event small; the counts tell how many there were.
    """

    municipality: IstatCode
    name: ShortText
    figures: tuple[FigureChange, ...]
    causes: tuple[Cause, ...]
    figure_count: Annotated[int, Field(ge=0)] = 0
    cause_count: Annotated[int, Field(ge=0)] = 0


class PlanRecomputed(Event, topic="plans"):
    """Piano ricalcolato: version, hash of its canonical content, causes and changed figures per municipality."""

    ambito: AmbitoCode
    version: Annotated[int, Field(ge=1)]
    hash: Sha256
    reference_on: date
    causes: tuple[Cause, ...]
    changes: tuple[MunicipalityChange, ...]


class NoticeDelivered(Event, topic="notices"):
    """Avviso consegnato through one channel."""

    notice_id: UUID
    organisation: OrganisationId
    channel: ShortText
    attempts: Annotated[int, Field(ge=1)]


class NoticeFailed(Event, topic="notices"):
    """Avviso non consegnato after the last attempt of the schedule."""

    notice_id: UUID
    organisation: OrganisationId
    channel: ShortText
    attempts: Annotated[int, Field(ge=1)]
    error: LongText
