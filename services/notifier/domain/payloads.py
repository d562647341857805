"""Body of a webhook: the event object of Standard Webhooks 1.0 (`type`, `timestamp`, `data`)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from services.notifier.domain.discussion import Discussion, kind_of
from shared.events import MunicipalityChange, PlanStatusChanged

PLAN_CHANGED: Final = "plan.changed"
PLAN_STATUS_CHANGED: Final = "plan.status-changed"


def plan_changed(
    notice_id: UUID,
    at: datetime,
    ambito: str,
    version: int,
    plan_hash: str,
    subject: str,
    text: str,
    change: MunicipalityChange,
) -> bytes:
    """The same bytes at every attempt; figures are integers, read by their `measure`."""
    data = {
        "notice_id": str(notice_id),
        "ambito": ambito,
        "plan": {"version": version, "hash": plan_hash},
        "subject": subject,
        "text": text,
        **change.model_dump(mode="json"),
    }
    return orjson.dumps({"type": PLAN_CHANGED, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


def plan_status_changed(notice_id: UUID, at: datetime, subject: str, text: str, step: PlanStatusChanged) -> bytes:
    """The same bytes at every attempt; the step as the planner told it."""
    data = {"notice_id": str(notice_id), "subject": subject, "text": text, **step.model_dump(mode="json")}
    return orjson.dumps({"type": PLAN_STATUS_CHANGED, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


def discussed(notice_id: UUID, at: datetime, subject: str, text: str, event: Discussion) -> bytes:
    """The same bytes at every attempt; the contest's step or the reply as the planner told it."""
    data = {"notice_id": str(notice_id), "subject": subject, "text": text, **event.model_dump(mode="json")}
    return orjson.dumps({"type": kind_of(event), "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)
