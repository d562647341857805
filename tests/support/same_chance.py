"""The same chance twice: clock, identifiers and secrets that a run would draw, so that two runs can be compared.

Two worlds then differ in what they were told, and in nothing else: no answer needs to be made alike afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from hashlib import sha256
from itertools import count
from typing import Final
from uuid import UUID, uuid4

import pytest

from shared import log_chain

OURS: Final = ("services.", "shared.")


@contextmanager
def same_chance(at: datetime) -> Iterator[None]:
    """It is always `at`; identifiers are counted; the link of an entry follows from when it arrived.

    A link is an HMAC with a secret that stays in the database: to whoever has not got it, it looks like any number. So
    any number stands for it here, the same one in both worlds.
    """

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Standing:
            return cls.fromtimestamp(at.timestamp(), tz)

    drawn = (UUID(int=number) for number in count(10**30))

    def link_after(before: str, entry: Sequence[str | None], key: bytes) -> str:
        return sha256(str(entry[1]).encode()).hexdigest()

    with pytest.MonkeyPatch.context() as patch:
        for module in [one for name, one in sys.modules.items() if name.startswith(OURS)]:
            if getattr(module, "datetime", None) is datetime:
                patch.setattr(module, "datetime", Standing)
            if getattr(module, "uuid4", None) is uuid4:
                patch.setattr(module, "uuid4", lambda: next(drawn))
        patch.setattr(log_chain, "link_after", link_after)
        yield
