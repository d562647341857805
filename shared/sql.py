"""Set-based statements on both database systems: one round trip for a batch, whatever its size.

Rows to be written are gathered, and written as the transaction ends: on PostgreSQL by one statement for all tables,
which needs neither BEGIN nor COMMIT where it is the only one. There each column goes as one array (`unnest`) and the
driver is asked directly: for a batch of one, building a statement anew takes longer than running it. Many new rows go
by COPY before it, which costs the driver less than half as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Table, any_, inspect, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

Row = Sequence[Any]
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
_SQLITE = sqlite.dialect()
_Shape = tuple[type[SQLModel], tuple[str, ...], tuple[tuple[str, bool], ...]]
_Target = tuple[type[SQLModel], str]
MANY = 100
"""Rows from which on COPY is worth its round trip."""


class Match(NamedTuple):
    """The `wanted` columns of the rows that meet all `criteria`: a column's value, or a list of values it may have."""

    model: type[SQLModel]
    wanted: tuple[str, ...]
    criteria: dict[str, Any]


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
    """The rows of one `Match`."""
    return (await matching_each(session, Match(model, wanted, criteria)))[0]


async def matching_each(session: AsyncSession, *matches: Match) -> list[Sequence[Row]]:
    """The rows of each match, in one round trip; rows that are yet to be written are not among them."""
    driver = session.info.get("driver")
    if driver is None:
        return [(await session.execute(_query(match))).all() for match in matches]
    values = [value for match in matches for value in match.criteria.values()]
    found = await driver.fetch(_matching_statement(tuple(map(_shape, matches))), *values)
    if len(matches) == 1:
        return [found]
    parts: list[list[Row]] = [[] for _ in matches]
    starts = [1 + sum(len(match.wanted) for match in matches[:number]) for number in range(len(matches) + 1)]
    for row in found:
        parts[row[0]].append(row[starts[row[0]] : starts[row[0] + 1]])
    return list(parts)


def insert_rows(session: AsyncSession, model: type[SQLModel], rows: Sequence[Row], *, skip: bool = False) -> None:
    """Insert `rows` as the transaction ends, each with the model's columns in order (generated ones left out).

    `skip` leaves rows alone whose key is there already; without it that is an IntegrityError then.
    """
    _gather(session, model, "skip" if skip else "insert", rows)


def upsert_rows(session: AsyncSession, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert or replace by primary key as the transaction ends.

    A key may appear once; sort rows so that replicas lock in one order.
    """
    _gather(session, model, "upsert", rows)


def _gather(session: AsyncSession, model: type[SQLModel], mode: str, rows: Sequence[Row]) -> None:
    if rows:
        session.info.setdefault("rows", {}).setdefault((model, mode), []).extend(rows)


async def oldest_rows(session: AsyncSession, model: type[SQLModel], limit: int) -> Sequence[Row]:
    """The first rows by primary key, each with all columns in order."""
    table = table_of(model)
    driver = session.info.get("driver")
    if driver is None:
        return (await session.execute(select(table).order_by(*table.primary_key.columns).limit(limit))).all()
    return await driver.fetch(_oldest_statement(model), limit)  # type: ignore[no-any-return]


async def delete_rows(session: AsyncSession, model: type[SQLModel], keys: Sequence[Any]) -> None:
    """Delete rows by their one-column primary key."""
    (key,) = table_of(model).primary_key.columns
    driver = session.info.get("driver")
    if driver is None:
        await session.execute(table_of(model).delete().where(key.in_(keys)))
    else:
        await driver.execute(_deleting_statement(model), keys)


async def write_rows(session: AsyncSession, notify: tuple[str, Sequence[str]] | None = None) -> None:
    """Write what was gathered; `notify` is a PostgreSQL channel and what it is to be told with the commit."""
    gathered: dict[_Target, list[Row]] = session.info.pop("rows", {})
    driver = session.info.get("driver")
    if driver is None:
        for (model, mode), rows in gathered.items():
            await _write_sqlite(session, model, mode, rows)
        return
    if not session.sync_session._is_clean():
        await session.flush()
    for model, mode in [target for target, rows in gathered.items() if target[1] == "insert" and len(rows) >= MANY]:
        await _begin(session)
        await _copy(driver, model, gathered.pop((model, mode)))
    if len({model for model, _ in gathered}) < len(gathered):  # one statement cannot write a table in two ways
        await _begin(session)
        for target, rows in gathered.items():
            await driver.execute(_writing_statement((target,), False), *zip(*rows, strict=True))
        gathered = {}
    if gathered or notify:
        columns = [column for rows in gathered.values() for column in zip(*rows, strict=True)]
        await driver.execute(_writing_statement(tuple(gathered), bool(notify)), *columns, *(notify or ()))


async def write_now(session: AsyncSession) -> None:
    """Write what was gathered before the transaction ends: for who reads it again, or must wait for another writer."""
    if session.info.get("driver") is not None:
        await _begin(session)
    await write_rows(session)


async def _begin(session: AsyncSession) -> None:
    """Begin now the transaction that SQLAlchemy begins only with its own first statement."""
    await session.connection()
    if not session.info["driver"].is_in_transaction():
        await session.info["begin"]()  # as that first statement does; a statement just for this is a round trip


async def _copy(driver: Any, model: type[SQLModel], rows: Sequence[Row]) -> None:
    names = [column.name for column in _columns(model)]
    await driver.copy_records_to_table(table_of(model).name, records=rows, columns=names)


async def _write_sqlite(session: AsyncSession, model: type[SQLModel], mode: str, rows: Sequence[Row]) -> None:
    binders = _sqlite_binders(model)
    connection = await session.connection()
    await connection.exec_driver_sql(
        _sqlite_statement(model, mode),
        [tuple(b(v) if b and v is not None else v for b, v in zip(binders, row, strict=True)) for row in rows],
    )


def _query(match: Match) -> Any:
    columns = table_of(match.model).c
    query = select(*(columns[name] for name in match.wanted))
    for name, value in match.criteria.items():
        query = query.where(columns[name].in_(value) if isinstance(value, list) else columns[name] == value)
    return query


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


def _type(model: type[SQLModel], name: str) -> str:
    return table_of(model).c[name].type.compile(_POSTGRESQL)


def _shape(match: Match) -> _Shape:
    return match.model, match.wanted, tuple((name, isinstance(value, list)) for name, value in match.criteria.items())


@lru_cache
def _matching_statement(shapes: tuple[_Shape, ...]) -> str:
    """Several matches become one result: the number of the match, then the columns of all, those of others NULL."""
    parts, places = [], count(1)
    for number, (model, _, criteria) in enumerate(shapes):
        tests = []
        for (name, is_list), place in zip(criteria, places, strict=False):
            kind = _type(model, name)
            tests.append(f'"{name}" = ANY(${place}::{kind}[])' if is_list else f'"{name}" = ${place}::{kind}')
        columns = [str(number)] if len(shapes) > 1 else []
        for other, (owner, wanted, _) in enumerate(shapes):
            columns += [f'"{name}"' if other == number else f"NULL::{_type(owner, name)}" for name in wanted]
        parts.append(f"SELECT {', '.join(columns)} FROM {table_of(model).name} WHERE {' AND '.join(tests)}")
    return " UNION ALL ".join(parts)


@lru_cache
def _oldest_statement(model: type[SQLModel]) -> str:
    table = table_of(model)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    return f"SELECT {names} FROM {table.name} ORDER BY {keys} LIMIT $1"


@lru_cache
def _deleting_statement(model: type[SQLModel]) -> str:
    (key,) = table_of(model).primary_key.columns
    return f'DELETE FROM {table_of(model).name} WHERE "{key.name}" = ANY($1::{_type(model, key.name)}[])'


@lru_cache
def _writing_statement(targets: tuple[_Target, ...], notifies: bool) -> str:
    """One statement for all tables; all see the database as it was before it."""
    inserts, place = [], 1
    for model, mode in targets:
        columns = _columns(model)
        names = ", ".join(f'"{column.name}"' for column in columns)
        arrays = ", ".join(f"${n}::{_type(model, c.name)}[]" for n, c in enumerate(columns, place))
        place += len(columns)
        inserts.append(
            f"INSERT INTO {table_of(model).name} ({names}) SELECT * FROM unnest({arrays}){_conflict(model, mode)}"
        )
    last = f"SELECT pg_notify(${place}, told) FROM unnest(${place + 1}::text[]) AS told" if notifies else inserts.pop()
    aside = ", ".join(f"w{number} AS ({insert})" for number, insert in enumerate(inserts))
    return f"WITH {aside} {last}" if aside else last


@lru_cache
def _sqlite_statement(model: type[SQLModel], mode: str) -> str:
    columns = _columns(model)
    names = ", ".join(f'"{column.name}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table_of(model).name} ({names}) VALUES ({marks}){_conflict(model, mode)}"


@lru_cache
def _sqlite_binders(model: type[SQLModel]) -> tuple[Any, ...]:
    return tuple(column.type.dialect_impl(_SQLITE).bind_processor(_SQLITE) for column in _columns(model))
