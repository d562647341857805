"""What is wrong with something an owner sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from shared.problem_texts import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """Errore di validità: the broken rule's code, the field (JSON pointer), and how to mend it.

    `value` is None where repeating it would show what must not be shown. An implausible value is no fault any more
    once its field is confirmed with a reason.
    """

    code: str
    field: str
    value: str | None
    rule: Text
    remedy: Text
    is_implausible: bool = False


def implausible(code: str, field: str, value: object, rule: Text) -> Fault:
    """Valore non plausibile: it may be right, and whoever sends it must say why."""
    remedy = Text(
        f"Correggere il valore, oppure indicarne il motivo in «confirmations» con il campo {field}.",
        f"Correct the value, or give the reason in 'confirmations' with the field {field}.",
    )
    return Fault(code, field, str(value), rule, remedy, is_implausible=True)


def unconfirmed(faults: Iterable[Fault], confirmed: AbstractSet[str]) -> Iterator[Fault]:
    """Without the implausible values of the fields that are `confirmed`."""
    return (fault for fault in faults if not (fault.is_implausible and fault.field in confirmed))
