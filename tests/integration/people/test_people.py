"""Accounts, sessions, throttling and the audit, on both database systems, used by several services at once."""

from __future__ import annotations

import asyncio
import hmac
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Column, MetaData, Table, Text, text

from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.planner import app as planner
from services.planner.settings import PlannerSettings
from shared.auth import Role
from shared.db import Database, Instant
from shared.forms import SESSION_COOKIE
from shared.migrate import migrate
from shared.people import (
    ATTEMPTS_OF_ADDRESS,
    ATTEMPTS_OF_NAME,
    MIGRATIONS,
    Audit,
    People,
    Refused,
    TooManyAttempts,
    person_of,
)
from shared.people.tables import AccountRow, SessionRow
from tests.support.installations import Installation
from tests.support.signing import signed_in

NAME, TOWN, OFFICE = "ufficio-casa", "comune-019026", "192.0.2.7"
OLD_TABLE = Table("happening", MetaData(), Column("at", Instant), Column("what", Text), Column("method", Text))
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def people(installation: Installation, clock: Clock) -> AsyncIterator[People]:
    opened = People(installation.settings(), clock)
    yield opened
    await opened.close()


@pytest.fixture
async def password(people: People) -> str:
    return await people.make_account(NAME, TOWN, Role.MUNICIPALITY, "cremonese")


async def rows(people: People, model: Any) -> list[Any]:
    async with (await people._db()).reading() as session:
        return list((await session.execute(text(f"SELECT * FROM {model.__tablename__}"))).all())


async def outcome(people: People, password: str, name: str = NAME, address: str = OFFICE) -> str:
    try:
        await people.sign_in(name, password, address)
    except (Refused, TooManyAttempts) as refusal:
        return type(refusal).__name__
    return "in"


async def test_a_session_is_of_who_signed_in_until_it_ends(people: People, password: str, clock: Clock) -> None:
    cookie = await people.sign_in(NAME, password, OFFICE)
    session = await people.session_of(cookie)
    assert session is not None
    who = session.principal
    assert (who.organisation, who.role, who.ambito, who.subject, who.istat_code) == (
        *(TOWN, Role.MUNICIPALITY, "cremonese", NAME, "019026"),
    )
    assert await people.session_of(cookie[:-1]) is None
    clock.now += timedelta(hours=10) - timedelta(seconds=1)  # PIANOVIVO_SESSION_HOURS
    assert await people.session_of(cookie) is not None
    clock.now += timedelta(seconds=1)
    assert await people.session_of(cookie) is None


async def test_whoever_reads_the_tables_can_sign_in_as_nobody(people: People, password: str) -> None:
    cookie = await people.sign_in(NAME, password, OFFICE)
    [account], [session] = await rows(people, AccountRow), await rows(people, SessionRow)
    assert password not in str(account)
    assert account.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, section 4, second option
    assert cookie not in str(session)
    assert cookie.encode() not in session.id


@pytest.mark.parametrize("wrong", ["", "x" * 100_000, "another-password"])
async def test_name_and_password_are_refused_alike(people: People, password: str, wrong: str) -> None:
    assert await outcome(people, wrong) == await outcome(people, password, "somebody-else") == "Refused"
    [told, unknown] = [row for row in await people.happenings(9) if row.what == "refused"]
    assert (told.person, told.organisation, told.address) == (person_of(NAME), TOWN, OFFICE)
    # "somebody-else" may be a password typed into the wrong field.
    assert (unknown.person, unknown.organisation) == (None, None)


async def test_after_five_wrong_passwords_the_right_one_waits_too(people: People, password: str, clock: Clock) -> None:
    for _ in range(ATTEMPTS_OF_NAME):
        assert await outcome(people, "wrong") == "Refused"
        clock.now += timedelta(minutes=1)
    with pytest.raises(TooManyAttempts) as refused:
        await people.sign_in(NAME, password, OFFICE)
    # The first attempt was five minutes ago: ten minutes of the quarter of an hour are left, and its last second.
    assert refused.value.seconds == 601
    assert await outcome(people, password, address="198.51.100.1") == "TooManyAttempts"
    clock.now += QUARTER - timedelta(minutes=5)
    assert await outcome(people, password) == "in"
    assert await outcome(people, "wrong") == "Refused", "a success has forgotten the failures"


async def test_an_address_that_tries_many_names_waits(people: People, password: str) -> None:
    tried = [await outcome(people, "wrong", f"name-{number}") for number in range(ATTEMPTS_OF_ADDRESS)]
    assert set(tried) == {"Refused"}
    assert await outcome(people, password) == "TooManyAttempts"
    assert await outcome(people, password, address="198.51.100.1") == "in"


async def test_many_guesses_at_once_are_as_many_as_in_a_row(people: People, password: str) -> None:
    guesses = Counter(await asyncio.gather(*(outcome(people, f"guess-{number}") for number in range(20))))
    assert guesses == {"Refused": ATTEMPTS_OF_NAME, "TooManyAttempts": 20 - ATTEMPTS_OF_NAME}


async def test_signing_out_everywhere_a_new_password_and_closing_end_every_session(
    people: People, password: str
) -> None:
    async def two() -> list[str]:
        return [await people.sign_in(NAME, password, OFFICE) for _ in range(2)]

    async def are_open(cookies: list[str]) -> list[bool]:
        return [await people.session_of(cookie) is not None for cookie in cookies]

    cookies = await two()
    session = await people.session_of(cookies[0])
    assert session is not None
    await people.sign_out(cookies[0], session, OFFICE)
    assert await are_open(cookies) == [False, True]
    cookies += await two()
    await people.sign_out_everywhere(session, OFFICE)
    assert await are_open(cookies) == [False] * 4
    cookies = await two()
    await people.change_password(NAME, password, "una frase lunga e nuova", OFFICE)
    assert await outcome(people, password) == "Refused"
    password = await people.reset_password(NAME)
    assert await are_open(cookies) == [False] * 2
    cookies = await two()
    await people.close_account(NAME)
    assert await are_open(cookies) == [False] * 2
    assert await outcome(people, password) == "Refused"
    with pytest.raises(LookupError):
        await people.reset_password(NAME)
    with pytest.raises(ValueError, match="there was one"):
        await people.make_account(NAME, TOWN, Role.MUNICIPALITY, "cremonese")
    assert Counter(row.what for row in await people.happenings(100)) == {
        "account-made": 1,
        "signed-in": 8,
        "signed-out": 1,
        "signed-out-everywhere": 1,
        "password-changed": 1,
        "refused": 2,
        "password-reset": 1,
        "account-closed": 1,
    }


@pytest.mark.parametrize("statement", ["UPDATE happening SET person = 'x'", "DELETE FROM happening"])
async def test_the_audit_is_only_added_to(people: People, password: str, statement: str) -> None:
    async def change() -> None:
        async with (await people._db()).transaction() as session:
            await session.execute(text(statement))

    with pytest.raises(Exception, match="only ever added"):
        await change()
    assert [row.what for row in await people.happenings(9)] == ["account-made"]


async def unguarded(people: People, *statements: str) -> None:
    """What whoever owns the database can do: take away what guards the rows, and change them."""
    db = await people._db()
    triggers = "happening_only_added ON happening", "happening_never_emptied ON happening"
    if not db.is_postgresql:
        triggers = "happening_no_update", "happening_no_delete"
    async with db.transaction() as session:
        for trigger in triggers:
            await session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        for statement in statements:
            await session.execute(text(statement))


FORGERIES = {
    "a line in the middle is changed": ("UPDATE happening SET person = 'account altri' WHERE id = 2", 1),
    "its time is changed": ("UPDATE happening SET at = '2026-11-22 09:00:00+00:00' WHERE id = 3", 2),
    "one is taken away": ("DELETE FROM happening WHERE id = 2", 1),
    "two change places": ("UPDATE happening SET id = 10 WHERE id = 2", 1),
    "the first is taken away": ("DELETE FROM happening WHERE id = 1", 0),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_who_owns_the_database_changes_no_line_unnoticed(people: People, password: str, forgery: str) -> None:
    for _ in range(3):
        await people.sign_in(NAME, password, OFFICE)
    before = await people.audit()
    assert (before.lines, before.is_whole) == (4, True)
    statement, lines_before_it = FORGERIES[forgery]
    await unguarded(people, statement)
    after = await people.audit()
    assert (after.lines, after.is_whole) == (lines_before_it, False)


async def test_lines_taken_from_the_end_are_missed_by_who_noted_a_head(people: People, password: str) -> None:
    await people.sign_in(NAME, password, OFFICE)
    noted = (await people.audit()).head
    await people.sign_in(NAME, password, OFFICE)
    assert await people.audit(noted) == Audit(3, (await people.audit()).head, is_whole=True, has_expected=True)
    await unguarded(people, "DELETE FROM happening WHERE id >= 2")
    found = await people.audit(noted)
    assert (found.lines, found.is_whole, found.has_expected) == (1, True, False)


async def test_lines_written_at_once_are_sealed_one_after_the_other(people: People) -> None:
    await asyncio.gather(*(people.refuse("provider", OFFICE) for _ in range(20)))
    found = await people.audit()
    assert (found.lines, found.is_whole) == (20, True)


async def test_an_audit_from_before_the_seals_is_sealed_as_it_is(installation: Installation, tmp_path: Path) -> None:
    shutil.copy(MIGRATIONS / "people_0001_accounts_sessions_audit.py", tmp_path)
    database = Database(installation.settings().url_for("people"), "people")
    await migrate(database, tmp_path, with_bus=False)
    async with database.transaction() as session:
        told = [{"at": START + timedelta(microseconds=number), "what": "refused"} for number in range(3)]
        await session.execute(OLD_TABLE.insert(), [one | {"method": "account"} for one in told])
    await database.close()
    people = People(installation.settings())
    await people.refuse("provider", OFFICE)
    lines = await people.happenings(9)
    assert [(line.at, line.method) for line in lines[:3]] == [(one["at"], "account") for one in told]
    # The first link, by hand: HMAC-SHA-256 of the JSON list of nothing before it and the line.
    written = '["","2026-11-23T09:00:00.000000+00:00","refused","account",null,null,null]'
    assert lines[0].link == hmac.digest(b"", written.encode(), "sha256").hex()
    found = await people.audit()
    await people.close()
    assert (found.lines, found.is_whole) == (4, True)


async def test_several_services_that_start_together_share_one_database(installation: Installation) -> None:
    several = [People(installation.settings(replica=f"r{number}")) for number in range(4)]
    assert [await asyncio.gather(*(one.accounts() for one in several))] == [[[], [], [], []]]
    password = await several[0].make_account(NAME, TOWN, Role.MUNICIPALITY, "cremonese")
    cookie = await several[1].sign_in(NAME, password, OFFICE)
    assert await several[2].session_of(cookie) is not None
    for one in several:
        await one.close()


@asynccontextmanager
async def applications(installation: Installation) -> AsyncIterator[tuple[Any, Any]]:
    """Notifier and planner of one installation, whose pages need neither bus nor plan."""
    common = {"replica": "first"} | installation.environment
    runtimes = notifier.create_runtime(NotifierSettings(**common)), planner.create_runtime(PlannerSettings(**common))
    both = notifier.create_http(runtimes[0]), planner.create_http(runtimes[1])
    try:
        yield both
    finally:
        for app in both:
            await app.state.people.close()
            await app.state.runtime.db.close()


async def test_signing_in_once_is_enough_for_all_services_under_one_name(
    installation: Installation, people: People, password: str
) -> None:
    async with applications(installation) as (notifier, planner):
        there = httpx.AsyncClient(transport=httpx.ASGITransport(notifier), base_url="http://127.0.0.1:8004")
        here = httpx.AsyncClient(transport=httpx.ASGITransport(planner), base_url="http://127.0.0.1:8003")
        async with there, here:
            assert (await signed_in(there, name=NAME, password=password)).status_code == 303
            # A browser sends a cookie of 127.0.0.1 to every port of it.
            here.cookies.set(SESSION_COOKIE, there.cookies[SESSION_COOKIE], domain="127.0.0.1")
            assert "Comune di Castelverde" in (await here.get("/account")).text
            await people.close_account(NAME)
            assert (await here.get("/account")).status_code == 303
