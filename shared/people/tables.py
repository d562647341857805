"""The tables of the people's own database: accounts, open sessions, attempts to be counted, and what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

from shared.db import Instant

metadata = MetaData()
BIGSERIAL = BigInteger().with_variant(Integer, "sqlite")
HAPPENINGS = (
    *("signed-in", "refused", "throttled", "signed-out", "signed-out-everywhere", "signed-out-by-provider"),
    *("account-made", "password-reset", "password-changed", "account-closed"),
)


class AccountRow(SQLModel, table=True):
    """A person's account in a small office; `name` is what they type. A closed one is kept, so that nobody gets it."""

    __tablename__ = "account"
    metadata: ClassVar[MetaData] = metadata

    name: str = Field(sa_column=Column(Text, primary_key=True))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    role: str = Field(sa_column=Column(Text, nullable=False))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    password_hash: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class SessionRow(SQLModel, table=True):
    """An open session: `id` is the SHA-256 of its cookie, so that whoever reads this table cannot use it.

    `person` is the same in all sessions of one person, whatever service they began in; `provider_session` is what the
    OpenID provider calls the session there that this one came from (its `sid`).
    """

    __tablename__ = "session"
    __table_args__ = (Index("session_of", "person"),)
    metadata: ClassVar[MetaData] = metadata

    id: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    person: str = Field(sa_column=Column(Text, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    organisation: str = Field(sa_column=Column(Text, nullable=False))
    role: str = Field(sa_column=Column(Text, nullable=False))
    ambito: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    began_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ends_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    provider_session: str | None = Field(default=None, sa_column=Column(Text))


class AttemptRow(SQLModel, table=True):
    """An attempt to sign in that did not succeed, or has not yet; `what` is what it is counted under."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_under", "what", "at"),)
    metadata: ClassVar[MetaData] = metadata

    id: int | None = Field(default=None, sa_column=Column(BIGSERIAL, primary_key=True, autoincrement=True))
    what: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class HappeningRow(SQLModel, table=True):
    """One line of the audit; rows are only ever added. `address` is the network a request came from.

    `link` seals the line and all before it (`shared.log_chain`).
    """

    __tablename__ = "happening"
    __table_args__ = (CheckConstraint(f"what IN {HAPPENINGS}", name="happening_what"),)
    metadata: ClassVar[MetaData] = metadata

    id: int | None = Field(default=None, sa_column=Column(BIGSERIAL, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    person: str | None = Field(default=None, sa_column=Column(Text))
    organisation: str | None = Field(default=None, sa_column=Column(Text))
    address: str | None = Field(default=None, sa_column=Column(Text))
    link: str = Field(default="", sa_column=Column(Text, nullable=False))

    @property
    def entry(self) -> tuple[str | None, ...]:
        """What the link seals."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return (at, self.what, self.method, self.person, self.organisation, self.address)
