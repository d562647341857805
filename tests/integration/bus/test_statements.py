"""What a transaction gathers is written as it ends: all of it, or nothing, on both database systems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.bus.tables import InboxRow, SequenceRow
from shared.db import Database
from shared.migrate import migrate
from shared.sql import MANY, Match, insert_rows, matching_each, table_of, upsert_rows, write_now
from tests.support.installations import Installation
from tests.support.waiting import until

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


@asynccontextmanager
async def database(installation: Installation) -> AsyncIterator[Database]:
    registry = installation.registry()
    await migrate(registry.db, registry.migrations)
    try:
        yield registry.db
    finally:
        await registry.transport.stop()
        await registry.db.close()


@asynccontextmanager
async def refused_transaction(db: Database) -> AsyncIterator[AsyncSession]:
    """One that must end in a broken constraint."""
    try:
        async with db.transaction() as session:
            yield session
    except (IntegrityError, asyncpg.IntegrityConstraintViolationError):
        return
    raise AssertionError("it was committed")


async def inbox(db: Database) -> dict[UUID, str]:
    async with db.reading() as session:
        rows = await session.execute(select(table_of(InboxRow)))
        return {row.event_id: row.outcome for row in rows}


async def heard(db: Database, *event_ids: UUID) -> None:
    async with db.transaction() as session:
        insert_rows(session, InboxRow, [("c", event_id, "applied") for event_id in event_ids])


async def test_a_row_that_is_there_undoes_the_rows_of_every_table(installation: Installation) -> None:
    async with database(installation) as db:
        await heard(db, ONE)
        async with refused_transaction(db) as session:
            upsert_rows(session, SequenceRow, [("c", "U-1", 7)])
            insert_rows(session, InboxRow, [("c", ONE, "applied"), ("c", TWO, "applied")])
        assert await inbox(db) == {ONE: "applied"}
        async with db.transaction() as session:
            found = await matching_each(
                session,
                Match(InboxRow, ("event_id",), {"consumer": "c"}),
                Match(SequenceRow, ("sequence",), {"consumer": "c", "subject": ["U-1"]}),
            )
            assert [[tuple(row) for row in rows] for rows in found] == [[(ONE,)], []]


async def test_a_table_written_in_two_ways_is_written_in_both_or_in_none(installation: Installation) -> None:
    async with database(installation) as db:
        await heard(db, ONE, THREE)
        async with refused_transaction(db) as session:
            upsert_rows(session, InboxRow, [("c", ONE, "failed")])
            insert_rows(session, InboxRow, [("c", THREE, "applied")])
        assert await inbox(db) == {ONE: "applied", THREE: "applied"}
        async with db.transaction() as session:
            upsert_rows(session, InboxRow, [("c", ONE, "failed")])
            insert_rows(session, InboxRow, [("c", TWO, "applied")])
        assert await inbox(db) == {ONE: "failed", TWO: "applied", THREE: "applied"}


async def test_many_rows_are_written_with_the_others_or_not_at_all(installation: Installation) -> None:
    many = [("c", UUID(int=number), "applied") for number in range(10, 10 + MANY)]
    async with database(installation) as db:
        await heard(db, ONE)
        async with refused_transaction(db) as session:
            insert_rows(session, InboxRow, many)
            upsert_rows(session, InboxRow, [("c", ONE, "no such outcome")])
        assert await inbox(db) == {ONE: "applied"}
        async with refused_transaction(db) as session:
            upsert_rows(session, InboxRow, [("c", ONE, "failed")])
            insert_rows(session, InboxRow, [*many, ("c", ONE, "applied")])
        assert await inbox(db) == {ONE: "applied"}
        async with db.transaction() as session:
            insert_rows(session, InboxRow, many)
            upsert_rows(session, InboxRow, [("c", ONE, "failed")])
        assert await inbox(db) == {ONE: "failed"} | {event_id: outcome for _, event_id, outcome in many}


async def test_what_was_written_early_is_undone_with_the_rest(installation: Installation) -> None:
    async with database(installation) as db:
        await heard(db, THREE)
        async with refused_transaction(db) as session:
            insert_rows(session, InboxRow, [("c", ONE, "applied")])
            await write_now(session)
            insert_rows(session, InboxRow, [("c", THREE, "applied")])
        assert await inbox(db) == {THREE: "applied"}


async def test_a_signal_goes_with_the_commit_and_reaches_other_replicas(distributed: Installation) -> None:
    other = distributed.registry(replica="second")
    called: list[str] = []
    async with database(distributed) as db:
        try:
            with other.db.waiting("news") as woken:
                await until(lambda: _is_listening(db))
                async with db.transaction() as session:
                    insert_rows(session, InboxRow, [("c", ONE, "applied")])
                    Database.signal(session, "news")
                    Database.afterwards(session, lambda: called.append("committed"))
                    assert not called
                await until(lambda: _is_set(woken.is_set()))
            assert called == ["committed"]
        finally:
            await other.transport.stop()
            await other.db.close()


async def _is_set(is_set: bool) -> bool:
    return is_set


async def _is_listening(db: Database) -> bool:
    """Somebody's LISTEN has been heard by the server."""
    async with db.reading() as session:
        found = await session.connection()
        listeners = await found.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"
        )
        return bool(listeners.scalar())
