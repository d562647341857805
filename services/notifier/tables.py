"""The notifier's tables: who wants to know what, what was told, and how it was delivered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Text, Uuid
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()

WHOLE_AMBITO = "all"
INBOX, WEBHOOK = "inbox", "webhook"


class SubscriptionRow(SQLModel, table=True):
    """What an organisation wants to be told, and where.

    `municipalities` is `all` or ISTAT codes separated by commas, `threshold` in thousandths. The secrets are kept
    readable, not hashed: a webhook is signed with the secret itself (HMAC). Whoever reads this table can sign in our
    name, so only the notifier's own database role may.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index("subscription_of", "ambito", "organisation"),)
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    channel: str = Field(sa_column=Column(Text, nullable=False))
    municipalities: str = Field(sa_column=Column(Text, nullable=False))
    threshold: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    url: str | None = Field(default=None, sa_column=Column(Text))
    secret: str | None = Field(default=None, sa_column=Column(Text))
    old_secret: str | None = Field(default=None, sa_column=Column(Text))
    old_secret_until: datetime | None = Field(default=None, sa_column=Column(Instant))
    failing_since: datetime | None = Field(default=None, sa_column=Column(Instant))

    @property
    def codes(self) -> tuple[str, ...]:
        """ISTAT codes, or the one word `all`."""
        return tuple(self.municipalities.split(","))


class ToldRow(SQLModel, table=True):
    """What a subscription was last told of a municipality: each figure's value, as a JSON object by its identifier."""

    __tablename__ = "told"
    metadata: ClassVar[MetaData] = metadata

    subscription_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    municipality: str = Field(sa_column=Column(Text, primary_key=True))
    figures: str = Field(sa_column=Column(Text, nullable=False))


class HeardRow(SQLModel, table=True):
    """A recomputed plan, or a step of one, that was told on.

    Unlike the inbox it outlives a rebuild, which must not tell it again.
    """

    __tablename__ = "heard"
    metadata: ClassVar[MetaData] = metadata

    event_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))


class NoticeRow(SQLModel, table=True):
    """Avviso: what one organisation is told about one municipality's part of one plan version, or of the plan's step.

    `change` is a `MunicipalityChange` as JSON whose `before` are the values last told, `step` a `PlanStatusChanged`,
    `discussion` the event that `kind` names of a contested number or of a replied comment, which have no plan; a
    warning about an endpoint has neither of them, nor a plan.
    """

    __tablename__ = "notice"
    __table_args__ = (Index("notice_listing", "organisation", "ambito", "created_at", "id"),)
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    cause_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    correlation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    plan_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    plan_hash: str | None = Field(default=None, sa_column=Column(Text))
    change: str | None = Field(default=None, sa_column=Column(Text))
    read_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    step: str | None = Field(default=None, sa_column=Column(Text))
    discussion: str | None = Field(default=None, sa_column=Column(Text))


class DeliveryRow(SQLModel, table=True):
    """One notice on its way to one webhook: `attempts` in all, `step` of them in the present run of the schedule.

    Whoever claims a delivery moves `next_attempt_at` to the end of his lease: if he dies, it comes due again.
    """

    __tablename__ = "delivery"
    metadata: ClassVar[MetaData] = metadata

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    notice_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    subscription_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    step: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    next_attempt_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class AttemptRow(SQLModel, table=True):
    """One POST to a webhook and what came of it. Rows are only ever added."""

    __tablename__ = "attempt"
    metadata: ClassVar[MetaData] = metadata

    delivery_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    attempted_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    status: int | None = Field(default=None, sa_column=Column(Integer))
    error: str | None = Field(default=None, sa_column=Column(Text))
    duration_ms: int = Field(sa_column=Column(Integer, nullable=False))
    body_head: str = Field(sa_column=Column(Text, nullable=False))


PROJECTIONS = ()
"""Nothing is dropped in a rebuild: what was told and delivered cannot be untold."""
