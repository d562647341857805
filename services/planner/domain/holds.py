"""Prenotazione di un alloggio per un caso: a hold that expires, and the double-entry ledger of where each home is.

The plan proposes; a municipality decides. A hold takes a home out of the matching; accepted, it is a placement that is
never optimised again; declined or expired, the home comes back. Each step is a movement of two entries that sum to
zero, and nothing is ever changed or removed. The steps of one home are numbered without a gap, whatever holds they
belong to: of two that are heard in the wrong order, the higher number is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.events.base import Event
from shared.events.units import UnitChanged, UnitStatus


class HoldStatus(StrEnum):
    """Stato della prenotazione."""

    HELD = "HELD"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    RETURNED = "RETURNED"


class LedgerAccount(StrEnum):
    """Conto del registro degli alloggi prenotati."""

    FREE = "FREE"
    HELD = "HELD"
    PLACED = "PLACED"
    RETURNED = "RETURNED"


ACTIVE = frozenset({HoldStatus.HELD, HoldStatus.ACCEPTED})
"""The home is not to be had by anybody else."""
LIVED_IN = frozenset({UnitStatus.OCCUPIED, UnitStatus.OCCUPIED_SAT})
FOLLOWS = {
    HoldStatus.ACCEPTED: HoldStatus.HELD,
    HoldStatus.DECLINED: HoldStatus.HELD,
    HoldStatus.EXPIRED: HoldStatus.HELD,
    HoldStatus.RETURNED: HoldStatus.ACCEPTED,
}
"""The one status that each may follow; a hold begins as held."""
WHERE = {
    HoldStatus.HELD: LedgerAccount.HELD,
    HoldStatus.ACCEPTED: LedgerAccount.PLACED,
    HoldStatus.DECLINED: LedgerAccount.RETURNED,
    HoldStatus.EXPIRED: LedgerAccount.RETURNED,
    HoldStatus.RETURNED: LedgerAccount.RETURNED,
}
"""The account that the home is on after a step of its hold; before its first it is free."""


class Hold(NamedTuple):
    """Prenotazione: what the plan knows of the latest step of a home; `revision` numbers the home's steps."""

    revision: int
    case_ref: str
    status: HoldStatus
    expires_at: datetime
    cause: str

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


class Entry(NamedTuple):
    """Scrittura contabile: one home more (+1) or less (-1) on an account."""

    account: LedgerAccount
    amount: int


class WrongStep(Exception):
    """The hold is not in the status that this step follows."""

    def __init__(self, status: HoldStatus, wanted: HoldStatus) -> None:
        super().__init__(f"a hold that is {status} cannot become {wanted}")
        self.status, self.wanted = status, wanted


def check_step(status: HoldStatus, wanted: HoldStatus) -> None:
    """Raises `WrongStep`."""
    if FOLLOWS.get(wanted) is not status:
        raise WrongStep(status, wanted)


def movement(before: HoldStatus | None, after: HoldStatus) -> tuple[Entry, Entry]:
    """The two entries of a home's step; `before` is the status of its last step, of this hold or an earlier one."""
    return Entry(LedgerAccount.FREE if before is None else WHERE[before], -1), Entry(WHERE[after], +1)


def balances(entries: Iterable[Entry]) -> Mapping[LedgerAccount, int]:
    """What the entries of one home, or of many, come to: zero in all."""
    sums = dict.fromkeys(LedgerAccount, 0)
    for account, amount in entries:
        sums[account] += amount
    return sums


def unit_left(event: Event) -> str:
    """The home that was lived in and is not any more; empty for any other event."""
    if not isinstance(event, UnitChanged) or event.before is None:
        return ""
    is_left = event.before.status in LIVED_IN and event.after.status not in LIVED_IN
    return event.unit_id if is_left else ""


def is_overdue(status: HoldStatus, expires_at: datetime, at: datetime) -> bool:
    """Whether the hold has run out and nobody has written it down yet; from that moment on the home is free."""
    return status is HoldStatus.HELD and expires_at <= at
