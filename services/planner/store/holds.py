"""The book of holds: who holds which home for which case, and the ledger of every step. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.domain.holds import ACTIVE, HoldStatus, movement
from services.planner.tables import CaseRow, EntryRow, HoldRow, HomeRow, StockRow
from shared.civil_time import civil_day
from shared.db import Instant, have_alone
from shared.events import UnitStatus

Place = tuple[datetime, UUID]
"""Where a listing, newest first, goes on: the last row shown."""
_IS_ACTIVE = col(HoldRow.status).in_(sorted(ACTIVE))


async def open_book(session: AsyncSession, ambito: str) -> None:
    """Have the ambito's holds for oneself until the end of the transaction: of many who want a home one gets it."""
    await have_alone(session, f"holds/{ambito}")


async def take_step(session: AsyncSession, row: HoldRow, status: HoldStatus, at: datetime) -> int:
    """Write the hold's new status and the two entries of its home; returns the number of the home's step."""
    query = select(col(EntryRow.revision), col(EntryRow.status))
    query = query.where(col(EntryRow.ambito) == row.ambito, col(EntryRow.unit_id) == row.unit_id)
    last = (await session.execute(query.order_by(col(EntryRow.revision).desc()).limit(1))).first()
    number, before = (last.revision + 1, HoldStatus(last.status)) if last else (1, None)
    row.status = status
    if status is not HoldStatus.HELD:
        row.decided_at = at
    session.add(row)
    for account, amount in movement(before, status):
        session.add(
            EntryRow(
                ambito=row.ambito,
                unit_id=row.unit_id,
                revision=number,
                account=account,
                amount=amount,
                status=status,
                hold_id=row.id,
                entered_at=at,
            )
        )
    await session.flush()  # the home's next step may come in this transaction
    return number


def terms_of(row: HoldRow, revision: int, at: datetime) -> dict[str, Any]:
    """What every event of a hold has."""
    return {
        "hold_id": row.id,
        "unit_id": row.unit_id,
        "case_ref": row.case_ref,
        "municipality": row.municipality,
        "revision": revision,
        "on": civil_day(at),
        "expires_at": row.expires_at,
    }


async def overdue_holds(session: AsyncSession, ambito: str, at: datetime) -> Sequence[HoldRow]:
    """Holds that have run out without a decision."""
    is_held = col(HoldRow.ambito) == ambito, col(HoldRow.status) == HoldStatus.HELD
    query = select(HoldRow).where(*is_held, col(HoldRow.expires_at) <= at)
    return (await session.execute(query.order_by(col(HoldRow.expires_at), col(HoldRow.id)))).scalars().all()


async def hold_of(session: AsyncSession, ambito: str, hold_id: UUID) -> HoldRow | None:
    row = await session.get(HoldRow, hold_id)
    return row if row and row.ambito == ambito else None


async def active_hold_of_unit(session: AsyncSession, ambito: str, unit_id: str) -> HoldRow | None:
    query = select(HoldRow).where(col(HoldRow.ambito) == ambito, col(HoldRow.unit_id) == unit_id, _IS_ACTIVE)
    return (await session.execute(query)).scalar_one_or_none()


async def active_hold_of_case(session: AsyncSession, ambito: str, case_ref: str) -> HoldRow | None:
    query = select(HoldRow).where(col(HoldRow.ambito) == ambito, col(HoldRow.case_ref) == case_ref, _IS_ACTIVE)
    return (await session.execute(query)).scalar_one_or_none()


async def holds_before(
    session: AsyncSession,
    ambito: str,
    municipality: str | None,
    owner: str | None,
    place: Place | None,
    limit: int,
) -> Sequence[HoldRow]:
    """Holds, newest first: all of the ambito, or those for a municipality's cases and on an owner's homes."""
    query = select(HoldRow).where(col(HoldRow.ambito) == ambito)
    own: list[ColumnElement[bool]] = []
    if municipality is not None:
        own.append(col(HoldRow.municipality) == municipality)
    if owner is not None:
        own.append(col(HoldRow.owner) == owner)
    if own:
        query = query.where(or_(*own))
    order = (col(HoldRow.placed_at), col(HoldRow.id))
    if place is not None:
        query = query.where(tuple_(*order) < tuple_(literal(place[0], Instant), literal(place[1], Uuid)))
    return (await session.execute(query.order_by(*(column.desc() for column in order)).limit(limit))).scalars().all()


async def open_case(session: AsyncSession, ambito: str, case_ref: str) -> CaseRow | None:
    return await session.get(CaseRow, (ambito, case_ref))


async def vacant_home(session: AsyncSession, ambito: str, unit_id: str) -> HomeRow | None:
    """The home as the plan knows it; None of one that is let, or that it has not heard of."""
    query = select(HomeRow).where(col(HomeRow.ambito) == ambito, col(HomeRow.unit_id) == unit_id)
    query = query.where(col(HomeRow.status).is_not(None)).order_by(col(HomeRow.sequence).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def stock_of_owner(session: AsyncSession, ambito: str, owner: str) -> dict[tuple[str, str, UnitStatus], int]:
    """How many homes the owner has, by municipality and status."""
    query = select(StockRow).where(col(StockRow.ambito) == ambito, col(StockRow.owner) == owner)
    rows = (await session.execute(query)).scalars()
    return {(row.municipality, row.owner, UnitStatus(row.status)): row.count for row in rows}


async def promised_count(session: AsyncSession, ambito: str, owner: str) -> int:
    """Homes of the owner that are held or placed and not set aside yet."""
    is_home = (col(HomeRow.ambito) == col(HoldRow.ambito)) & (col(HomeRow.unit_id) == col(HoldRow.unit_id))
    query = select(func.count()).select_from(HoldRow).join(HomeRow, is_home)
    query = query.where(col(HoldRow.ambito) == ambito, col(HoldRow.owner) == owner, _IS_ACTIVE)
    query = query.where(col(HomeRow.status) == UnitStatus.FREE_ASSIGNABLE)
    return int((await session.execute(query)).scalar_one())
