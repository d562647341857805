"""What is said about the plan: every step of a contested number, every comment. Only the projection is ever changed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, MetaData, Text, Uuid
from sqlmodel import Field, SQLModel

from services.planner.tables import metadata as planner_metadata
from shared.db import Instant


class PlanContestRow(SQLModel, table=True):
    """The latest step of a contest, as the plan has heard of it: the name of its event and the event."""

    __tablename__ = "plan_contest"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    told: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class ContestRow(SQLModel, table=True):
    """A step of a contest by its number; `body` is its event, `kind` the event's name."""

    __tablename__ = "contest"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    decided_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))


class CommentRow(SQLModel, table=True):
    """A comment by its number in its thread; `resolved` is what the thread is from this one on."""

    __tablename__ = "comment"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    thread: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    place: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    role: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    resolved: bool = Field(sa_column=Column(Boolean, nullable=False))
    written_at: datetime = Field(sa_column=Column(Instant, nullable=False))
