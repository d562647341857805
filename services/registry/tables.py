"""The registry's tables: homes as they are, and their insert-only history."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Date, Index, Integer, MetaData, Text, Uuid
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()


class UnitRow(SQLModel, table=True):
    """A home as it is now; `state` is its `Unit` as JSON, `latest_on` the latest effective date of its reports."""

    __tablename__ = "unit"
    __table_args__ = (Index("unit_listing", "ambito", "municipality", "unit_id"),)
    metadata: ClassVar[MetaData] = metadata

    unit_id: str = Field(sa_column=Column(Text, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    manager: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    sequence: int = Field(sa_column=Column(Integer, nullable=False))
    latest_on: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))


class HistoryRow(SQLModel, table=True):
    """One accepted report: true from `effective_on`, known from `recorded_at`. Rows are only ever added."""

    __tablename__ = "unit_history"
    metadata: ClassVar[MetaData] = metadata

    unit_id: str = Field(sa_column=Column(Text, primary_key=True))
    sequence: int = Field(sa_column=Column(Integer, primary_key=True))
    effective_on: date = Field(sa_column=Column(Date, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    report_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    report_type: str = Field(sa_column=Column(Text, nullable=False))
    report: str = Field(sa_column=Column(Text, nullable=False))


PROJECTIONS = (UnitRow, HistoryRow)
"""What a rebuild drops and derives again from the topics."""
