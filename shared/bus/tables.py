"""The bus's own tables, the same in every service's database."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Text, Uuid
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()
_BIGSERIAL = BigInteger().with_variant(Integer, "sqlite")


class OutboxRow(SQLModel, table=True):
    """Records that a transaction owes to the bus, packed; removed once the broker has acknowledged them."""

    __tablename__ = "outbox"
    metadata: ClassVar[MetaData] = metadata

    id: int | None = Field(default=None, sa_column=Column(_BIGSERIAL, primary_key=True, autoincrement=True))
    records: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class InboxRow(SQLModel, table=True):
    """An event this consumer has dealt with, and how: applied, refused, failed or discarded. Rows are kept."""

    __tablename__ = "inbox"
    __table_args__ = (
        CheckConstraint("outcome IN ('applied', 'refused', 'failed', 'discarded')", name="inbox_outcome"),
    )
    metadata: ClassVar[MetaData] = metadata

    consumer: str = Field(sa_column=Column(Text, primary_key=True))
    event_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    outcome: str = Field(sa_column=Column(Text, nullable=False))


class SequenceRow(SQLModel, table=True):
    """The last gapless number of a subject that this consumer has applied."""

    __tablename__ = "applied_sequence"
    metadata: ClassVar[MetaData] = metadata

    consumer: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str = Field(sa_column=Column(Text, primary_key=True))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))


class DeadLetterRow(SQLModel, table=True):
    """A record set aside with its raw bytes and provenance.

    `failed` blocks its subject; `parked` waits behind a failed one; `gap` waits for an earlier sequence number;
    `refused` broke a rule of the domain and blocks nothing. The identifier is derived from the record's place, so a
    redelivered record finds its letter.
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        CheckConstraint("kind IN ('failed', 'parked', 'gap', 'refused')", name="dead_letter_kind"),
        Index("dead_letter_pending", "consumer", "subject"),
    )
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    consumer: str = Field(sa_column=Column(Text, nullable=False))
    topic: str = Field(sa_column=Column(Text, nullable=False))
    partition: int = Field(sa_column=Column(Integer, nullable=False))
    offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    timestamp: int = Field(sa_column=Column(BigInteger, nullable=False))
    key: bytes | None = Field(sa_column=Column(LargeBinary))
    value: bytes | None = Field(sa_column=Column(LargeBinary))
    headers: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    subject: str | None = Field(sa_column=Column(Text))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    first_failed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    last_failed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    resolved_at: datetime | None = Field(sa_column=Column(Instant))
    resolution: str | None = Field(sa_column=Column(Text))
