"""Passwords: Argon2id (RFC 9106, second recommended option, the library's default), never on the event loop."""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
LONGEST: Final = 200
AT_ONCE: Final = 2
"""Each hash takes 64 MiB and four lanes for some tens of milliseconds: whoever signs in waits for a turn."""


def drawn() -> str:
    """A first password, of 120 bits."""
    return secrets.token_urlsafe(15)


class Passwords:
    """Hashes and compares; of one event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = CapacityLimiter(AT_ONCE)

    async def hashed(self, password: str) -> str:
        return await run_sync(self._hasher.hash, password, limiter=self._turns)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """None takes as long as somebody's: how long a refusal takes does not tell whether there is such an account."""
        return await run_sync(self._verify, password_hash, password, limiter=self._turns)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash or self._nobodys, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(drawn())
