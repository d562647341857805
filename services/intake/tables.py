"""The intake's tables: what was sent. How requests that may be repeated were answered is in `shared.idempotency`."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()


class UnitReportRow(SQLModel, table=True):
    """A report and what became of it. One that came by an owner's own topic (`kafka`) is known from its outcome."""

    __tablename__ = "unit_report"
    __table_args__ = (
        CheckConstraint("channel IN ('http', 'kafka')", name="unit_report_channel"),
        CheckConstraint("state IN ('received', 'applied', 'refused')", name="unit_report_state"),
        Index("unit_report_own", "ambito", "organisation", "received_at", "id"),
        Index("unit_report_all", "ambito", "received_at", "id"),
    )
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    channel: str = Field(sa_column=Column(Text, nullable=False))
    report: str = Field(sa_column=Column(Text, nullable=False))
    unit_id: str = Field(sa_column=Column(Text, nullable=False))
    effective_on: date | None = Field(sa_column=Column(Date))
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    body: str | None = Field(sa_column=Column(Text))
    state: str = Field(sa_column=Column(Text, nullable=False))
    sequence: int | None = Field(default=None, sa_column=Column(Integer))
    rule: str | None = Field(default=None, sa_column=Column(Text))
    reason_it: str | None = Field(default=None, sa_column=Column(Text))
    reason_en: str | None = Field(default=None, sa_column=Column(Text))


class SubmissionRow(SQLModel, table=True):
    """One revision of a declaration; `body` is its event."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("ambito", "cycle_year", "owner", "municipality", "revision", name="submission_revision"),
        Index("submission_all", "ambito", "received_at", "id"),
    )
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    cycle_year: int = Field(sa_column=Column(Integer, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    supersedes: UUID | None = Field(sa_column=Column(Uuid))
    received_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))


class SubmissionDefaultRow(SQLModel, table=True):
    """A due row that did not come, put on record; `body` is its event."""

    __tablename__ = "submission_default"
    __table_args__ = (
        UniqueConstraint("ambito", "cycle_year", "owner", "municipality", name="submission_default_once"),
    )
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    cycle_year: int = Field(sa_column=Column(Integer, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))


class OwnedHomesRow(SQLModel, table=True):
    """How many homes of an owner the registry has in a municipality."""

    __tablename__ = "owned_homes"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    homes: int = Field(sa_column=Column(Integer, nullable=False))


class EmergencyCaseRow(SQLModel, table=True):
    """A case as it is now (`body`), and how it was closed; `revision` counts its changes."""

    __tablename__ = "emergency_case"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    case_ref: str = Field(sa_column=Column(Text, primary_key=True))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))
    closure: str | None = Field(default=None, sa_column=Column(Text))


class ContestedCellRow(SQLModel, table=True):
    """A declared cell that is contested, as the latest step of its contest tells it: while open it can be corrected.

    Who contested it, since when and why is not known of steps heard before these were kept, until a rebuild.
    """

    __tablename__ = "contested_cell"
    metadata: ClassVar[MetaData] = metadata

    contest_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    cycle_year: int = Field(sa_column=Column(Integer, nullable=False))
    path: str = Field(sa_column=Column(Text, nullable=False))
    deadline_on: date = Field(sa_column=Column(Date, nullable=False))
    is_open: bool = Field(sa_column=Column(Boolean, nullable=False))
    contester: str | None = Field(default=None, sa_column=Column(Text))
    contested_on: date | None = Field(default=None, sa_column=Column(Date))
    reason: str | None = Field(default=None, sa_column=Column(Text))


PROJECTIONS = (OwnedHomesRow, ContestedCellRow)
"""All that can be derived from the topics alone: what owners sent begins in the other tables."""
