"""The planner's tables: each plan's integer state, the plan as it stands, its versions, and homes held for cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()


class ReferenceRow(SQLModel, table=True):
    """The latest day an ambito's events speak of: the plan's reference date."""

    __tablename__ = "plan_reference"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    reference_on: date = Field(sa_column=Column(Date, nullable=False))


class CellRow(SQLModel, table=True):
    """Occupancy sums of a municipality, owner, size class and quarter."""

    __tablename__ = "plan_cell"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    size_class: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    quarter: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    exits: int = Field(sa_column=Column(BigInteger, nullable=False))
    assignable_exits: int = Field(sa_column=Column(BigInteger, nullable=False))
    openings: int = Field(sa_column=Column(BigInteger, nullable=False))
    offsets: int = Field(sa_column=Column(BigInteger, nullable=False))
    assigned: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class StockRow(SQLModel, table=True):
    """Homes of a municipality and owner by status."""

    __tablename__ = "plan_stock"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    status: str = Field(sa_column=Column(Text, primary_key=True))
    count: int = Field(sa_column=Column(BigInteger, nullable=False))


class MakeupRow(SQLModel, table=True):
    """Homes of a municipality and owner by size class, service type and status."""

    __tablename__ = "plan_makeup"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    size_class: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    service_type: str = Field(sa_column=Column(Text, primary_key=True))
    status: str = Field(sa_column=Column(Text, primary_key=True))
    count: int = Field(sa_column=Column(BigInteger, nullable=False))


class OutcomeRow(SQLModel, table=True):
    """What became of works and disposals of a municipality and owner in a quarter."""

    __tablename__ = "plan_outcome"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    quarter: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    restored: int = Field(sa_column=Column(BigInteger, nullable=False))
    built: int = Field(sa_column=Column(BigInteger, nullable=False))
    sold: int = Field(sa_column=Column(BigInteger, nullable=False))
    withdrawn: int = Field(sa_column=Column(BigInteger, nullable=False))
    termed: int = Field(sa_column=Column(BigInteger, nullable=False))
    slips: int = Field(sa_column=Column(BigInteger, nullable=False))
    squares: int = Field(sa_column=Column(BigInteger, nullable=False))


class HomeRow(SQLModel, table=True):
    """A home that is not simply let; all None: it left before it was heard of."""

    __tablename__ = "plan_home"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    unit_id: str = Field(sa_column=Column(Text, primary_key=True))
    sequence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    status: str | None = Field(sa_column=Column(Text))
    municipality: str | None = Field(sa_column=Column(Text))
    owner: str | None = Field(sa_column=Column(Text))
    manager: str | None = Field(sa_column=Column(Text))
    size_class: int | None = Field(sa_column=Column(Integer))
    accessible: bool | None = Field(sa_column=Column(Boolean))
    since: date | None = Field(sa_column=Column(Date))
    pending_inspection: bool | None = Field(sa_column=Column(Boolean))
    works_end_on: date | None = Field(sa_column=Column(Date))
    sat_ends_on: date | None = Field(sa_column=Column(Date))
    cause: str | None = Field(sa_column=Column(Text))
    previous_status: str | None = Field(sa_column=Column(Text))
    programme: str | None = Field(sa_column=Column(Text))
    works_kind: str | None = Field(sa_column=Column(Text))
    works_planned_on: date | None = Field(sa_column=Column(Date))


class CaseRow(SQLModel, table=True):
    """An open emergency case: an opaque reference, never a household."""

    __tablename__ = "plan_case"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    case_ref: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    household_size: int = Field(sa_column=Column(Integer, nullable=False))
    accessible: bool = Field(sa_column=Column(Boolean, nullable=False))
    urgency_class: int = Field(sa_column=Column(Integer, nullable=False))
    waiting_since: date = Field(sa_column=Column(Date, nullable=False))
    deadline_on: date | None = Field(sa_column=Column(Date))
    blameless_arrears: bool = Field(sa_column=Column(Boolean, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class DeclarationRow(SQLModel, table=True):
    """The declaration in force of an owner for a municipality and cycle year."""

    __tablename__ = "plan_declaration"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    cycle_year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    nil: bool = Field(sa_column=Column(Boolean, nullable=False))
    stock: int = Field(sa_column=Column(Integer, nullable=False))
    turnover_expected: int = Field(sa_column=Column(Integer, nullable=False))
    assignable_total: int = Field(sa_column=Column(Integer, nullable=False))
    sat_units: int = Field(sa_column=Column(Integer, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))
    told: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    columns: str = Field(sa_column=Column(Text, nullable=False, server_default=""))


class PlanHoldRow(SQLModel, table=True):
    """The latest step of a home that was ever held for a case, as the plan has heard of it."""

    __tablename__ = "plan_hold"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    unit_id: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    case_ref: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class PlanChoiceRow(SQLModel, table=True):
    """The choice in force of the value that the plan adopts for a municipality, owner, year and quantity."""

    __tablename__ = "plan_choice"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    quantity: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    basis: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class PlanObjectiveRow(SQLModel, table=True):
    """The latest step of an objective, as the plan has heard of it."""

    __tablename__ = "plan_objective"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    is_withdrawn: bool = Field(sa_column=Column(Boolean, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    figure: str = Field(sa_column=Column(Text, nullable=False))
    baseline: int = Field(sa_column=Column(Integer, nullable=False))
    starts_on: date = Field(sa_column=Column(Date, nullable=False))
    target: int = Field(sa_column=Column(Integer, nullable=False))
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    cause: str = Field(sa_column=Column(Text, nullable=False))


class PlanRow(SQLModel, table=True):
    """The plan as it stands. `revision` and `writer` fence a replica that lost its partition but still runs."""

    __tablename__ = "plan"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    writer: UUID = Field(sa_column=Column(Uuid, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    hash: str = Field(sa_column=Column(Text, nullable=False))
    content: str = Field(sa_column=Column(Text, nullable=False))


class VersionRow(SQLModel, table=True):
    """One published version: its hash, and the causes and changes as its event told them."""

    __tablename__ = "plan_version"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    hash: str = Field(sa_column=Column(Text, nullable=False))
    reference_on: date = Field(sa_column=Column(Date, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    event: str = Field(sa_column=Column(Text, nullable=False))


class JournalRow(SQLModel, table=True):
    """An event as it arrived, insert-only: in which writing of the plan (`revision`), in which place of its batch.

    `version` is the plan's after that batch. A rebuild adds what it has not heard yet and leaves the rest as it is.
    """

    __tablename__ = "plan_journal"
    __table_args__ = (Index("plan_journal_arrival", "ambito", "revision", "place"),)
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    event_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    place: int = Field(sa_column=Column(Integer, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    known_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str | None = Field(sa_column=Column(Text))
    event: str = Field(sa_column=Column(Text, nullable=False))


class DayRow(SQLModel, table=True):
    """The last day that began for an ambito's plan."""

    __tablename__ = "plan_day"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    began_on: date = Field(sa_column=Column(Date, nullable=False))


_ACTIVE = text("status IN ('HELD', 'ACCEPTED')")


class HoldRow(SQLModel, table=True):
    """A hold of one home for one case. `organisation` placed it; `municipality` is the case's, `owner` the home's."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("hold_listing", "ambito", "placed_at", "id"),
        Index("hold_unit", "ambito", "unit_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("hold_case", "ambito", "case_ref", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    unit_id: str = Field(sa_column=Column(Text, nullable=False))
    case_ref: str = Field(sa_column=Column(Text, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    placed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    decided_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    reason: str | None = Field(default=None, sa_column=Column(Text))


class EntryRow(SQLModel, table=True):
    """One of the two entries of a home's step in the ledger. Rows are only ever added."""

    __tablename__ = "hold_entry"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    unit_id: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    account: str = Field(sa_column=Column(Text, primary_key=True))
    amount: int = Field(sa_column=Column(SmallInteger, nullable=False))
    status: str = Field(sa_column=Column(Text, nullable=False))
    hold_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    entered_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ChoiceRow(SQLModel, table=True):
    """Every choice as it was made, by the number of its cell. Rows are only ever added."""

    __tablename__ = "choice"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    quantity: str = Field(sa_column=Column(Text, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    basis: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    chosen_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class LogKeyRow(SQLModel, table=True):
    """The secret by which the links of the event logs are made: one row, drawn with the tables and never changed.

    It is kept where the counts are that it hides: who reads this table needs no secret.
    """

    __tablename__ = "log_key"
    metadata: ClassVar[MetaData] = metadata

    key: str = Field(sa_column=Column(Text, primary_key=True))


class DocumentRow(SQLModel, table=True):
    """A document that was handed out, by its own hash, packed. Rows are only ever added."""

    __tablename__ = "document"
    metadata: ClassVar[MetaData] = metadata

    hash: str = Field(sa_column=Column(Text, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ObjectiveRow(SQLModel, table=True):
    """Every step of an objective as it was taken, by its number. Rows are only ever added."""

    __tablename__ = "objective"
    metadata: ClassVar[MetaData] = metadata

    ambito: str = Field(sa_column=Column(Text, primary_key=True))
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    revision: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    is_withdrawn: bool = Field(sa_column=Column(Boolean, nullable=False))
    municipality: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    figure: str = Field(sa_column=Column(Text, nullable=False))
    baseline: int = Field(sa_column=Column(Integer, nullable=False))
    starts_on: date = Field(sa_column=Column(Date, nullable=False))
    target: int = Field(sa_column=Column(Integer, nullable=False))
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    decided_at: datetime = Field(sa_column=Column(Instant, nullable=False))


PROJECTIONS = (
    *(ReferenceRow, CellRow, StockRow, MakeupRow, OutcomeRow),
    *(HomeRow, CaseRow, DeclarationRow, PlanHoldRow, PlanChoiceRow, PlanObjectiveRow),
)
"""What a rebuild drops and derives again; versions stay as they were published, and holds as they were decided."""
