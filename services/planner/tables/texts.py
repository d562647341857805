"""The texts of the plan: every revision as it was written, and the latest that the plan has heard of."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Column, Date, Integer, MetaData, Text
from sqlmodel import Field, SQLModel

from services.planner.tables import metadata as planner_metadata
from shared.db import Instant


class PlanTextRow(SQLModel, table=True):
    """The latest text of a section, as the plan has heard of it."""

    __tablename__ = "plan_text"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    first_year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    section: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    markdown: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    office: str = Field(sa_column=Column(Text, nullable=False))
    written_on: date = Field(sa_column=Column(Date, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class SectionTextRow(SQLModel, table=True):
    """Every revision of a section's text, by its number. Rows are only ever added."""

    __tablename__ = "section_text"
    metadata: ClassVar[MetaData] = planner_metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    first_year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    section: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    markdown: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    office: str = Field(sa_column=Column(Text, nullable=False))
    written_on: date = Field(sa_column=Column(Date, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
