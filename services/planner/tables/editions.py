"""The editions of the plan: what each was frozen as, and every step of it. Rows are only ever added."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Column, Date, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

from services.planner.tables import metadata as planner_metadata
from shared.db import Instant


class EditionStepRow(SQLModel, table=True):
    """A step of an edition by its number, and what the edition is frozen as; `acts` is JSON."""

    __tablename__ = "edition_step"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    first_year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    edition: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    step: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    before: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    on: date = Field(sa_column=Column("taken_on", Date, nullable=False))
    office: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    acts: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    plan_hash: str = Field(sa_column=Column(Text, nullable=False))
    rules_on: date = Field(sa_column=Column(Date, nullable=False))
    log_head: str = Field(sa_column=Column(Text, nullable=False))
    document_hash: str = Field(sa_column=Column(Text, nullable=False))
    audit_head: str | None = Field(default=None, sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class FrozenPlanRow(SQLModel, table=True):
    """What was proposed by that step: the plan's canonical content and the rule set it was made by, both packed."""

    __tablename__ = "frozen_plan"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    first_year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    edition: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    step: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rules: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
