"""Set-based statements on both database systems: one round trip for a batch, whatever its size.

PostgreSQL takes each column as one array (`unnest`), SQLite the rows one by one inside its own process. On PostgreSQL
the driver is asked directly: for a batch of one, building a statement anew takes longer than running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, any_, inspect, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

Row = Sequence[Any]
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
_SQLITE = sqlite.dialect()


def table_of(model: type[SQLModel]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)
    return table


def among(session: AsyncSession, column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`: one statement text for any number of values."""
    element = column.expression if isinstance(column, InstrumentedAttribute) else column
    if session.get_bind().dialect.name == "postgresql":
        return element == any_(literal(list(values), ARRAY(element.type)))
    return element.in_(list(values))


async def matching(
    session: AsyncSession, model: type[SQLModel], wanted: tuple[str, ...], **criteria: Any
) -> Sequence[Row]:
    """The `wanted` columns of the rows that meet all `criteria`: a column's value, or a list of values it may have."""
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        shape = tuple((name, isinstance(value, list)) for name, value in criteria.items())
        driver = await _driver(connection)
        return await driver.fetch(_matching_statement(model, wanted, shape), *criteria.values())  # type: ignore[no-any-return]
    columns = table_of(model).c
    query = select(*(columns[name] for name in wanted))
    for name, value in criteria.items():
        query = query.where(columns[name].in_(value) if isinstance(value, list) else columns[name] == value)
    return (await session.execute(query)).all()


async def insert_rows(session: AsyncSession, model: type[SQLModel], rows: Sequence[Row], *, skip: bool = False) -> None:
    """Insert `rows`, each with the values of the model's columns in order (generated ones left out).

    `skip` leaves rows alone whose key is there already; without it that is an IntegrityError.
    """
    await _write(session, model, rows, "skip" if skip else "insert")


async def upsert_rows(session: AsyncSession, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert or replace by primary key. A key may appear once; sort rows so that replicas lock in one order."""
    await _write(session, model, rows, "upsert")


async def _write(session: AsyncSession, model: type[SQLModel], rows: Sequence[Row], mode: str) -> None:
    if not rows:
        return
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        driver = await _driver(connection)
        await driver.execute(_postgresql_statement(model, mode), *zip(*rows, strict=True))
    else:
        binders = _sqlite_binders(model)
        await connection.exec_driver_sql(
            _sqlite_statement(model, mode),
            [tuple(b(v) if b and v is not None else v for b, v in zip(binders, row, strict=True)) for row in rows],
        )


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, in the transaction that SQLAlchemy begins only with its own first statement."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if not driver.is_in_transaction():
        adapted: Any = raw.dbapi_connection
        await adapted._start_transaction()  # as that first statement does; a statement just for this is a round trip
    return driver


def _columns(model: type[SQLModel]) -> list[Any]:
    table = table_of(model)
    return [column for column in table.columns if column.identity is None and column is not table.autoincrement_column]


def _conflict(model: type[SQLModel], mode: str) -> str:
    if mode == "insert":
        return ""
    keys = [column.name for column in table_of(model).primary_key.columns]
    rest = [column.name for column in _columns(model) if column.name not in keys]
    if mode == "skip" or not rest:
        return " ON CONFLICT DO NOTHING"
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET " + ", ".join(f'"{c}" = excluded."{c}"' for c in rest)


@lru_cache
def _matching_statement(model: type[SQLModel], wanted: tuple[str, ...], shape: tuple[tuple[str, bool], ...]) -> str:
    table = table_of(model)
    tests = []
    for number, (name, is_list) in enumerate(shape, 1):
        kind = table.c[name].type.compile(_POSTGRESQL)
        tests.append(f'"{name}" = ANY(${number}::{kind}[])' if is_list else f'"{name}" = ${number}::{kind}')
    names = ", ".join(f'"{name}"' for name in wanted)
    return f"SELECT {names} FROM {table.name} WHERE {' AND '.join(tests)}"


@lru_cache
def _postgresql_statement(model: type[SQLModel], mode: str) -> str:
    columns = _columns(model)
    names = ", ".join(f'"{column.name}"' for column in columns)
    arrays = ", ".join(f"${n}::{c.type.compile(_POSTGRESQL)}[]" for n, c in enumerate(columns, 1))
    return f"INSERT INTO {table_of(model).name} ({names}) SELECT * FROM unnest({arrays}){_conflict(model, mode)}"


@lru_cache
def _sqlite_statement(model: type[SQLModel], mode: str) -> str:
    columns = _columns(model)
    names = ", ".join(f'"{column.name}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table_of(model).name} ({names}) VALUES ({marks}){_conflict(model, mode)}"


@lru_cache
def _sqlite_binders(model: type[SQLModel]) -> tuple[Any, ...]:
    return tuple(column.type.dialect_impl(_SQLITE).bind_processor(_SQLITE) for column in _columns(model))
