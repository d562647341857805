"""Tables whose rows are only ever added: the database itself refuses anything else, whoever asks."""

from __future__ import annotations

from alembic import op


def only_added(*tables: str, rebuilt: bool = False) -> None:
    """For migrations. `rebuilt`: a projection, which a rebuild empties (TRUNCATE, or DELETE on SQLite)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"
        )
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION only_added()"
            )
        return
    for table in tables:
        for verb in ("UPDATE",) if rebuilt else ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
            )


def never_emptied(*tables: str) -> None:
    """For migrations, of tables that no rebuild touches: PostgreSQL's TRUNCATE passes by what guards the rows."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION only_added()"
            )
