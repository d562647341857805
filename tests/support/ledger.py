"""A small consumer of `units`: it writes down each change it applied, so that a test can count effects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from shared.bus.consumer import Handlers
from shared.events import Message, UnitChanged
from shared.runtime import Runtime
from shared.settings import Settings
from shared.sql import insert_rows

NAME = "intake"
"""It reads under the name of a service that reads `units`."""


class LedgerRow(SQLModel, table=True):
    """One applied change; `id` is the order in which they were applied. Nothing forbids a doubled one."""

    __tablename__ = "ledger"
    metadata: ClassVar[MetaData] = MetaData()

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    unit_id: str = Field(sa_column=Column(Text, nullable=False))
    sequence: int = Field(sa_column=Column(Integer, nullable=False))
    event_id: UUID = Field(sa_column=Column(Uuid, nullable=False))


async def _load(_session: AsyncSession, _messages: Sequence[Message]) -> list[tuple[str, int, UUID]]:
    return []


def _on_unit_changed(message: Message, work: list[tuple[str, int, UUID]]) -> None:
    envelope = message.envelope
    work.append((envelope.subject, envelope.sequence or 0, envelope.id))


async def _save(session: AsyncSession, work: list[tuple[str, int, UUID]]) -> Sequence[Message]:
    insert_rows(session, LedgerRow, work)
    return ()


HANDLERS = Handlers(_load, {UnitChanged: _on_unit_changed}, _save)


def create_ledger(settings: Settings) -> Runtime:
    return Runtime(NAME, settings, Path(__file__).parent / "ledger_migrations", HANDLERS, (LedgerRow,))


async def applied(ledger: Runtime) -> list[tuple[str, int]]:
    """Unit and number of every change, in the order in which they took effect."""
    async with ledger.db.reading() as session:
        rows = await session.execute(
            select(col(LedgerRow.unit_id), col(LedgerRow.sequence)).order_by(col(LedgerRow.id))
        )
        return [(row.unit_id, row.sequence) for row in rows]
