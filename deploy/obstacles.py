"""What keeps a command from its work, as one sentence: what, where, why, and how to mend it."""

from __future__ import annotations

import sqlite3

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from shared import settings
from shared.bus.kafka import UnfitBroker
from shared.db import Occupied, StaleWriter, is_transient
from shared.settings import Settings

_UNUSABLE = (sqlite3.Error, asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


class Obstacle(Exception):
    """The command will not do what it is asked; the message is what the operator reads."""


def existing_installation() -> Settings:
    """The settings, if they lead to something that is there: a command that looks must not make an empty one."""
    configured = settings.load(Settings)
    if configured.bus == "local" and not (configured.home / "log.db").is_file():
        raise Obstacle(
            f"Piano Vivo has never run in {configured.home.absolute()}: "
            "set PIANOVIVO_HOME to the folder it runs in, or begin with `pianovivo up`"
        )
    return configured


def sentence(error: Exception, configured: Settings) -> str | None:
    """None for what only a change of the code would mend: there the traceback says more."""
    if isinstance(error, Obstacle | Occupied | UnfitBroker):
        return str(error)
    if isinstance(error, StaleWriter):
        return f"{error} meanwhile: nothing was changed, look again with `pianovivo dlq list`"
    if isinstance(error, KafkaError):
        return (
            f"Apache Kafka does not answer at {configured.kafka_bootstrap_servers} ({type(error).__name__}): "
            "start it, or set PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS to where it is"
        )
    if isinstance(error, PermissionError) and error.errno is None:  # raised by us, complete as it is
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}: mend that, or set PIANOVIVO_HOME to a folder of your own"
    if isinstance(_origin(error), _UNUSABLE) or is_transient(error):
        return _database_sentence(error, configured)
    return None


def database_of(configured: Settings) -> str:
    """Where the tables are, without the password."""
    if configured.database_url is None:
        return f"the SQLite files in {configured.home.absolute()}"
    address = make_url(configured.database_url)
    return f"PostgreSQL at {address.host}:{address.port or 5432}/{address.database}"


def _database_sentence(error: Exception, configured: Settings) -> str:
    mend = "see that no other program holds them, that the folder is yours and the disk has room"
    if configured.database_url is not None:
        mend = "start it, or mend PIANOVIVO_DATABASE_URL"
    return f"{database_of(configured)} cannot be used ({_reason(error)}): {mend}"


def _reason(error: Exception) -> str:
    origin = _origin(error)
    return str(origin).partition("\n")[0] or type(origin).__name__


def _origin(error: Exception) -> BaseException:
    """What the driver said."""
    return error.orig if isinstance(error, DBAPIError) and error.orig else error
