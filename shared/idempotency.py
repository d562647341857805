"""What was answered under an `Idempotency-Key`, kept in the transaction of its effect. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import orjson
from sqlalchemy import Column, ColumnElement, LargeBinary, MetaData, SmallInteger, Text, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from shared.db import Instant
from shared.sql import insert_rows, write_now


class IdempotencyRow(SQLModel, table=True):
    """The answer given under an `Idempotency-Key`; without one only inside the transaction that is working on it."""

    __tablename__ = "idempotency_key"
    metadata: ClassVar[MetaData] = MetaData()

    organisation: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = Field(sa_column=Column(Text, nullable=False))
    claimed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    status: int | None = Field(default=None, sa_column=Column(SmallInteger))
    headers: str | None = Field(default=None, sa_column=Column(Text))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, word for word."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """An idempotency key as it stands; without an answer it is this transaction that works on it."""

    fingerprint: str
    answer: Answer | None


async def claim_key(session: AsyncSession, organisation: str, key: str, fingerprint: str, at: datetime) -> Claim:
    """Take the key, or read what was answered under it; waits while another transaction holds it."""
    insert_rows(session, IdempotencyRow, [(organisation, key, fingerprint, at, None, None, None)], skip=True)
    await write_now(session)
    row = (await session.execute(select(IdempotencyRow).where(*_key(organisation, key)))).scalar_one()
    if row.status is None:
        return Claim(row.fingerprint, None)
    return Claim(row.fingerprint, Answer(row.status, row.body or b"", orjson.loads(row.headers or "{}")))


async def keep_answer(session: AsyncSession, organisation: str, key: str, answer: Answer) -> None:
    values = {"status": answer.status, "headers": orjson.dumps(dict(answer.headers)).decode(), "body": answer.body}
    await session.execute(update(IdempotencyRow).where(*_key(organisation, key)).values(**values))


def _key(organisation: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(IdempotencyRow.organisation) == organisation, col(IdempotencyRow.key) == key
