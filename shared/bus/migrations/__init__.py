"""Alembic: the bus's own tables come from here, each service's from its `migrations/`; both to one database."""
