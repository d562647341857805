"""People who sign in to the pages: accounts of a small office, or an OpenID provider's; sessions; what happened.

One database of their own for the whole installation, whatever service they use (ADR 20). Programs need none of it:
they carry an access token (`shared.auth`).
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple, cast

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal, Role
from shared.db import Database
from shared.log_chain import BEGINNING, OPEN, link_after
from shared.migrate import migrate
from shared.people import store
from shared.people.passwords import LONGEST, SHORTEST, Passwords, drawn
from shared.people.tables import AccountRow, HappeningRow, SessionRow
from shared.settings import Settings

Method = Literal["account", "provider", "token"]
MIGRATIONS: Final = Path(__file__).parent / "migrations"
ATTEMPTS_OF_NAME: Final = 5
ATTEMPTS_OF_ADDRESS: Final = 30
"""That fail within a quarter of an hour. An office has one address for all its people."""
OPENING_SECONDS: Final = 20
CONNECTIONS: Final = 4


class Refused(Exception):
    """The name or the password is wrong; which of the two is not told."""


class TooManyAttempts(Exception):
    """Of a name or from an address; `seconds` until another may be made."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in, in one browser."""

    principal: Principal
    person: str
    method: Method
    began_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, row: SessionRow) -> Session:
        principal = Principal.of(row.organisation, row.role, row.ambito, row.subject)
        return cls(principal, row.person, cast(Method, row.method), row.began_at, row.ends_at)


class Audit(NamedTuple):
    """What reading the audit has found: its `lines` up to `head` are as they were written; without `is_whole` the next
    one is not. `has_expected`: the link that was asked for is among theirs.
    """

    lines: int
    head: str
    is_whole: bool
    has_expected: bool


class People:
    """The people's database and what may be done with it; opened at its first use."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings, self._clock = settings, clock
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._passwords = Passwords()

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()
            self._database = None

    async def session_of(self, cookie: str) -> Session | None:
        """The open session that the cookie belongs to."""
        async with (await self._db()).reading() as session:
            row = await store.open_session(session, _id_of(cookie), self._clock())
        return Session.of(row) if row else None

    async def sign_in(self, name: str, password: str, address: str) -> str:
        """The cookie of a new session; raises `Refused` or `TooManyAttempts`."""
        account = await self._checked(name, password, address)
        principal = Principal.of(account.organisation, account.role, account.ambito, name)
        return await self.begin(principal, person_of(name), "account", address)

    async def begin(
        self,
        principal: Principal,
        person: str,
        method: Method,
        address: str,
        ends_at: datetime | None = None,
        *,
        provider_session: str | None = None,
    ) -> str:
        """The cookie of a new session of somebody who has proved to be `person`."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        latest = now + timedelta(hours=self._settings.session_hours)
        row = SessionRow(
            id=_id_of(cookie),
            person=person,
            method=method,
            organisation=principal.organisation,
            role=principal.role,
            ambito=principal.ambito,
            subject=principal.subject,
            began_at=now,
            ends_at=min(latest, ends_at or latest),
            provider_session=provider_session,
        )
        async with self._transaction() as session:
            await store.forget_ended_sessions(session, now)
            session.add(row)
            await self._tell(session, "signed-in", method, person, principal.organisation, address)
        return cookie

    async def refuse(self, method: Method, address: str) -> None:
        """Write down that somebody was not admitted."""
        async with self._transaction() as session:
            await self._tell(session, "refused", method, None, None, address)

    async def sign_out(self, cookie: str, of: Session, address: str) -> None:
        async with self._transaction() as session:
            await store.end_session(session, _id_of(cookie))
            await self._tell(session, "signed-out", of.method, of.person, of.principal.organisation, address)

    async def sign_out_everywhere(self, of: Session, address: str) -> None:
        async with self._transaction() as session:
            await store.end_sessions_of(session, of.person)
            await self._tell(session, "signed-out-everywhere", of.method, of.person, of.principal.organisation, address)

    async def end_as_provider_says(
        self, person: str | None, provider_session: str | None, said_at: datetime, address: str
    ) -> int:
        """How many sessions ended: those of a person there, or of one session of theirs, begun when it was said.

        Sessions begun later stay, so that a request that is sent again does nothing.
        """
        async with self._transaction() as session:
            ended = await store.end_provider_sessions(session, person, provider_session, said_at)
            for row in ended:
                await self._tell(session, "signed-out-by-provider", "provider", row.person, row.organisation, address)
        return len(ended)

    async def change_password(self, name: str, old: str, new: str, address: str) -> None:
        """Ends all sessions of the account; raises `Refused`, `TooManyAttempts`, ValueError for an unfit password."""
        check_password(new)
        account = await self._checked(name, old, address)
        await self._keep_password(account, new, "password-changed", address)

    async def open_count(self, person: str) -> int:
        """How many sessions the person has open."""
        async with (await self._db()).reading() as session:
            return await store.sessions_of(session, person, self._clock())

    async def make_account(self, name: str, organisation: str, role: Role, ambito: str) -> str:
        """The first password of a new account; raises ValueError if the name is taken or somebody nobody can be."""
        Principal.of(organisation, role, ambito, name)
        password = drawn()
        row = AccountRow(
            name=name,
            organisation=organisation,
            role=role,
            ambito=ambito,
            password_hash=await self._passwords.hashed(password),
            made_at=self._clock(),
        )
        async with self._transaction() as session:
            if await store.account_of(session, name) is not None:
                raise ValueError(f"there is an account {name!r}, or there was one")
            session.add(row)
            await self._tell(session, "account-made", "account", person_of(name), organisation)
        return password

    async def reset_password(self, name: str) -> str:
        """A new password; all sessions of the account end. Raises LookupError."""
        account = await self._account(name)
        password = drawn()
        await self._keep_password(account, password, "password-reset")
        return password

    async def close_account(self, name: str) -> None:
        """Raises LookupError."""
        await self._account(name)
        async with self._transaction() as session:
            account = await session.get_one(AccountRow, name)
            account.closed_at = self._clock()
            await store.end_sessions_of(session, person_of(name))
            await self._tell(session, "account-closed", "account", person_of(name), account.organisation)

    async def accounts(self) -> list[AccountRow]:
        async with (await self._db()).reading() as session:
            return list(await store.accounts(session))

    async def happenings(self, count: int) -> list[HappeningRow]:
        async with (await self._db()).reading() as session:
            return list(await store.happenings(session, count))

    async def audit_head(self) -> str:
        """The seal of the audit as it stands: the link of its last line, `BEGINNING` where it has none."""
        async with (await self._db()).reading() as session:
            return await store.last_link(session)

    async def audit(self, expected: str = BEGINNING) -> Audit:
        """Compute the links of the whole audit anew, and look for one that was noted before."""
        head, lines, is_there = BEGINNING, 0, expected == BEGINNING
        async with (await self._db()).reading() as session:
            async for row in store.every_happening(session):
                link = link_after(head, row.entry, OPEN)
                if row.link != link:
                    return Audit(lines, head, is_whole=False, has_expected=is_there)
                head, lines, is_there = link, lines + 1, is_there or link == expected
        return Audit(lines, head, is_whole=True, has_expected=is_there)

    async def _checked(self, name: str, password: str, address: str) -> AccountRow:
        """The account whose password this is. An attempt is counted before it is made, and forgotten if it was good."""
        counted = f"name {hashlib.sha256(name.encode()).hexdigest()}"
        limits = {counted: ATTEMPTS_OF_NAME, f"address {address}": ATTEMPTS_OF_ADDRESS}
        async with self._transaction() as session:
            seconds = await store.seconds_to_wait(session, limits, self._clock())
            account = await store.account_of(session, name)
            # What is typed into the field for the name may be a password: only names of accounts are written down.
            known: tuple[str | None, str | None] = (None, None)
            if account is not None:
                known = person_of(name), account.organisation
            if seconds:
                await self._tell(session, "throttled", "account", *known, address)
        if seconds:
            raise TooManyAttempts(seconds)
        is_right = await self._passwords.matches(account.password_hash if account else None, password[: LONGEST + 1])
        async with self._transaction() as session:
            if account is not None and is_right and account.closed_at is None:
                await store.forget_attempts(session, counted)
                return account
            await self._tell(session, "refused", "account", *known, address)
        raise Refused

    async def _keep_password(self, account: AccountRow, password: str, what: str, address: str | None = None) -> None:
        password_hash = await self._passwords.hashed(password)
        async with self._transaction() as session:
            row = await session.get_one(AccountRow, account.name)
            row.password_hash = password_hash
            await store.end_sessions_of(session, person_of(row.name))
            await self._tell(session, what, "account", person_of(row.name), row.organisation, address)

    async def _account(self, name: str) -> AccountRow:
        async with (await self._db()).reading() as session:
            account = await store.account_of(session, name)
        if account is None or account.closed_at is not None:
            raise LookupError(f"there is no account {name!r}")
        return account

    async def _tell(
        self,
        session: AsyncSession,
        what: str,
        method: str,
        person: str | None,
        organisation: str | None,
        address: str | None = None,
    ) -> None:
        row = HappeningRow(
            at=self._clock(), what=what, method=method, person=person, organisation=organisation, address=address
        )
        await store.write_happening(session, row)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with (await self._db()).transaction() as session:
            yield session

    async def _db(self) -> Database:
        async with self._opening:
            if self._database is None:
                url = self._settings.url_for("people")
                database = Database(url, "people", application="pianovivo-people", pool_size=CONNECTIONS)
                # Else a request would wait as long as the database is away.
                async with asyncio.timeout(OPENING_SECONDS):
                    await migrate(database, MIGRATIONS, with_bus=False)
                self._database = database
        return self._database


def person_of(name: str) -> str:
    """Who an account is, among all that sign in."""
    return f"account {name}"


def check_password(password: str) -> None:
    """Raises ValueError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters")


def _id_of(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
