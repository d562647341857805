"""Indirizzi regionali che il piano deve seguire (L.R. 16/2016, art. 2 c. 3): listed data, never written by the plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple


class Directive(NamedTuple):
    """Indirizzo regionale: an act that the plan follows, with its article; `read` or `assumed` as with the law."""

    id: str
    title_it: str
    article: str
    gazette: str | None
    valid_from: date | None
    valid_to: date | None
    status: str

    def holds_on(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


def directives_on(directives: Iterable[Directive], on: date) -> tuple[Directive, ...]:
    """Those in force on a day, by identifier."""
    return tuple(sorted(directive for directive in directives if directive.holds_on(on)))
