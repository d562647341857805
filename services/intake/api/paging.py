"""Pages of a listing, newest first: the cursor is the last row shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query

from services.intake.store import Place
from services.intake.tables import SubmissionRow, UnitReportRow
from shared.arrivals import PageLinks

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
R = TypeVar("R", UnitReportRow, SubmissionRow)

Cursor = Annotated[str, Query(pattern=r"^([0-9]{1,16}-[0-9a-f]{32})?$", max_length=49)]
Limit = Annotated[int, Query(ge=1, le=200)]


def place_of(cursor: str) -> Place | None:
    if not cursor:
        return None
    microseconds, _, row_id = cursor.partition("-")
    return _START + int(microseconds) * _MICROSECOND, UUID(row_id)


def cut(path: str, found: Sequence[R], limit: int, **query: object) -> tuple[Sequence[R], PageLinks]:
    """The rows to show of one more than `limit`, and where the listing goes on."""
    shown = found[:limit]
    if len(found) <= limit:
        return shown, PageLinks()
    last = shown[-1]
    cursor = f"{(last.received_at - _START) // _MICROSECOND}-{last.id.hex}"
    asked = {name: value for name, value in query.items() if value is not None}
    return shown, PageLinks(next=f"{path}?{urlencode({'cursor': cursor, 'limit': limit, **asked})}")
