"""What is wrong with something an owner sent."""

from __future__ import annotations

from dataclasses import dataclass

from shared.problem_texts import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """Errore di validità: the broken rule's code, the field (JSON pointer), and how to mend it.

    `value` is None where repeating it would show what must not be shown.
    """

    code: str
    field: str
    value: str | None
    rule: Text
    remedy: Text
