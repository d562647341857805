"""A receiver that uses npm's `standardwebhooks` accepts our webhooks and refuses altered ones."""

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.notifier.domain.signatures import secret_from, signed_headers

TESTS = Path(__file__).parents[1]
SECRET, OLD_SECRET, FOREIGN_SECRET = (secret_from(bytes([fill]) * 32) for fill in (1, 2, 3))
BODY = '{"type":"plan-recomputed","data":{"comune":"Pessina Cremonese","perché":"unità"}}'.encode()


@dataclass(frozen=True)
class Received:
    """One webhook as its receiver sees it, and the secret the receiver holds."""

    secret: str
    headers: dict[str, str]
    body: bytes


def sent(*secrets: str, age: timedelta = timedelta(0)) -> Received:
    # The package compares the timestamp with the real clock and cannot be given another one.
    return Received(secrets[0], signed_headers("msg_1", datetime.now(UTC) - age, BODY, secrets), BODY)


def refusals(*webhooks: Received) -> list[str | None]:
    """Why the JavaScript package refuses each webhook; None where it accepts it."""
    node = shutil.which("node")
    if node is None or not (TESTS / "node/node_modules/standardwebhooks").is_dir():
        pytest.fail("independent verifier missing: install Node and run `npm ci` in tests/node")
    cases = [{"secret": w.secret, "headers": w.headers, "body": base64.b64encode(w.body).decode()} for w in webhooks]
    run = subprocess.run(
        [node, str(TESTS / "support/verify_webhook.mjs")],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer: list[str | None] = json.loads(run.stdout)
    return answer


def test_our_webhooks_are_accepted_also_by_receivers_holding_either_secret_of_a_rotation() -> None:
    rotating = sent(SECRET, OLD_SECRET)
    assert refusals(sent(SECRET), rotating, replace(rotating, secret=OLD_SECRET)) == [None, None, None]


def test_altered_webhooks_are_refused() -> None:
    genuine = sent(SECRET)
    one_second_later = str(int(genuine.headers["webhook-timestamp"]) + 1)
    assert refusals(
        replace(genuine, body=BODY.replace(b"Pessina", b"Persico")),
        replace(genuine, headers=genuine.headers | {"webhook-id": "msg_2"}),
        replace(genuine, headers=genuine.headers | {"webhook-timestamp": one_second_later}),
        replace(genuine, secret=FOREIGN_SECRET),
        sent(SECRET, age=timedelta(minutes=6)),
    ) == [*["No matching signature found"] * 4, "Message timestamp too old"]
