"""Signatures of outgoing webhooks: Standard Webhooks 1.0, symmetric scheme `v1` (HMAC-SHA256)."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

SECRET_PREFIX: Final = "whsec_"
MIN_SECRET_BYTES: Final = 24
MAX_SECRET_BYTES: Final = 64

# The signed text is "id.timestamp.body": an id with a full stop could move the boundaries.
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def secret_from(randomness: bytes) -> str:
    """Serialise 24 to 64 random bytes as a signing secret; each endpoint needs its own.

    Raises:
        ValueError: too few or too many bytes.
    """
    if not MIN_SECRET_BYTES <= len(randomness) <= MAX_SECRET_BYTES:
        raise ValueError(
            f"a signing secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, these are {len(randomness)}"
        )
    return SECRET_PREFIX + base64.b64encode(randomness).decode("ascii")


def signed_headers(message_id: str, attempted_at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three `webhook-*` headers of one attempt.

    Args:
        message_id: the same for every attempt of one notice, so the receiver can tell a repeat.
        attempted_at: aware instant of this attempt, not of the event.
        body: exactly the bytes that will be sent, UTF-8.
        secrets: the current secret first; while it rotates, the old one after it.

    Raises:
        ValueError: an unusable id or secret, no secret, a naive instant or a body that is not UTF-8.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"webhook-id {message_id!r} must be 1 to 64 letters, digits, '_' or '-'")
    if attempted_at.tzinfo is None:
        raise ValueError(f"attempted_at {attempted_at} must carry a time zone")
    if not secrets:
        raise ValueError(f"no secret to sign webhook {message_id} with")
    # `Webhook.sign` relabels any zone as UTC instead of converting it.
    instant = attempted_at.astimezone(UTC)
    text = body.decode("utf-8")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(Webhook(_key(secret)).sign(message_id, instant, text) for secret in secrets),
    }


def _key(secret: str) -> bytes:
    """Decode a secret strictly: the library drops characters it does not know and would sign with another key.

    The message never repeats the secret.
    """
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a signing secret begins with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a signing secret is {SECRET_PREFIX} and base64: {error}") from None
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(f"a signing secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, this one {len(key)}")
    return key
