"""What an operator may get wrong is answered with a sentence that says what, where and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.local import free_ports
from tests.support.operator import pianovivo

NOBODY = free_ports(1)[0]
"""A port on which nothing answers."""
KAFKA = {
    "bus": "kafka",
    "kafka_bootstrap_servers": f"127.0.0.1:{NOBODY}",
    "database_url": f"postgresql://pianovivo:a-secret@127.0.0.1:{NOBODY}/pianovivo",
}
ISSUE = ("auth", "issue", "--organisation", "aler-bcm", "--role", "OWNER")
NEVER_RAN = (
    "Piano Vivo has never run in {home}: set PIANOVIVO_HOME to the folder it runs in, or begin with `pianovivo up`"
)
BROKER_AWAY = (
    f"Apache Kafka does not answer at 127.0.0.1:{NOBODY} (KafkaConnectionError): "
    "start it, or set PIANOVIVO_KAFKA_BOOTSTRAP_SERVERS to where it is"
)
DATABASE_AWAY = (
    f"PostgreSQL at 127.0.0.1:{NOBODY}/pianovivo cannot be used "
    f"([Errno 111] Connect call failed ('127.0.0.1', {NOBODY})): start it, or mend PIANOVIVO_DATABASE_URL"
)


@pytest.mark.parametrize(
    ("settings", "command", "said"),
    [
        ({}, ("dlq", "list"), NEVER_RAN),
        ({}, ("lag",), NEVER_RAN),
        ({}, ("rebuild", "registry"), NEVER_RAN),
        (KAFKA, ("lag",), BROKER_AWAY),
        (KAFKA, ("topics", "apply"), BROKER_AWAY),
        (KAFKA, ("dlq", "list"), DATABASE_AWAY),
        (KAFKA, ("dlq", "show", "0a"), DATABASE_AWAY),
        (KAFKA, ("rebuild", "planner"), DATABASE_AWAY),
        (
            KAFKA,
            ("up",),
            "`pianovivo up` runs on the local bus: unset PIANOVIVO_BUS, or start each service alone",
        ),
        (
            {"host": "address.invalid"},
            ("registry", "serve"),
            "the registry cannot listen on address.invalid:8002 (Name or service not known): stop the program that "
            "has this port, or set PIANOVIVO_REGISTRY_PORT to a free one; "
            "PIANOVIVO_HOST must be an address of this machine",
        ),
        (
            {"jwks": "/etc/keys.json"},
            ISSUE,
            "there is no key to sign with: PIANOVIVO_JWKS=/etc/keys.json says that tokens come from elsewhere; "
            "ask there, or put the private key into {home}/keys/signing.json",
        ),
    ],
)
async def test_one_sentence_and_nothing_made(
    tmp_path: Path, settings: dict[str, Any], command: tuple[str, ...], said: str
) -> None:
    home = tmp_path / "home"
    answer = await pianovivo({"home": home} | settings, *command)
    assert answer.refusal == said.format(home=home)
    assert not list(home.glob("**/*.json"))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("levitate",), "No such command 'levitate'"),
        (("rebuild", "warehouse"), "'warehouse' is not one of 'intake', 'registry', 'planner'"),
        (("dlq", "redrive"), "name one letter, or --all"),
        (("dlq", "redrive", "0a", "--all"), "name one letter, or --all"),
        (("dlq", "discard", "0a"), "Missing option '--reason'"),
        (("auth", "issue", "--organisation", "aler-bcm", "--role", "KING"), "'KING' is not one of 'OWNER', "),
        (("auth", "issue", "--organisation", "A", "--role", "OWNER"), "written aler-bcm or comune-019036"),
    ],
)
async def test_wrong_words_are_named(tmp_path: Path, command: tuple[str, ...], said: str) -> None:
    answer = await pianovivo({"home": tmp_path}, *command)
    assert answer.status == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


async def test_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    answer = await pianovivo({"home": tmp_path / "home"}, "up")
    assert answer.refusal == f"{tmp_path}/home: File exists: mend that, or set PIANOVIVO_HOME to a folder of your own"


async def test_garbled_files_are_named(tmp_path: Path) -> None:
    for name in ("log.db", "intake.db"):
        (tmp_path / name).write_bytes(b"no database " * 100)
    for command in ("dlq", "list"), ("lag",):
        answer = await pianovivo({"home": tmp_path}, *command)
        assert answer.refusal.startswith(f"the SQLite files in {tmp_path} cannot be used (file is not a database): ")
