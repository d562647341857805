"""Set-based statements on both database systems: one round trip for a batch, whatever its size.

PostgreSQL takes each column as one array (`unnest`), SQLite the rows one by one inside its own process.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, any_, inspect, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
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
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        if not driver.is_in_transaction():  # SQLAlchemy begins only with its own first statement
            await connection.exec_driver_sql("SELECT 1")
        await driver.execute(_postgresql_statement(model, mode), *zip(*rows, strict=True))
    else:
        binders = _sqlite_binders(model)
        await connection.exec_driver_sql(
            _sqlite_statement(model, mode),
            [tuple(b(v) if b and v is not None else v for b, v in zip(binders, row, strict=True)) for row in rows],
        )


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
