"""What the address of a what-if says: as it was typed, as hypotheses and rules, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Annotated, Final, NamedTuple

from fastapi import Query

from services.planner.domain.what_if import Cases, Hypothesis, Vacancies, WorksMoved
from services.planner.law.supposed import ADJUSTABLE, SupposedLaw, SupposedRule, fault_of, is_share
from services.planner.pages.addresses import Day, Municipality
from shared.events import UnitStatus
from shared.pages import say

MOST: Final = 200
LARGEST: Final = 20
RULES_ASKED: Final = 3
OFFERED: Final = tuple(name for name in ADJUSTABLE if name != "backlog_clearance")
"""All but the one that moves nothing but need, of which nothing is told under other rules."""
Number = Annotated[str, Query(max_length=12)]
Code = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$|^$", max_length=64)]
Several = Annotated[list[Annotated[str, Query(max_length=60)]], Query(max_length=RULES_ASKED)]


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was filled in; `regola` and `valore` go in pairs, shares in percent."""

    alloggi: str = ""
    comune: str = ""
    ente: str = ""
    programma: str = ""
    fine: date | None = None
    casi: str = ""
    comune_casi: str = ""
    nucleo: str = ""
    regole_al: date | None = None
    regola: tuple[str, ...] = ()
    valore: tuple[str, ...] = ()

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Parameters and their values, as many as the form has rows; empty ones last."""
        rows = [row for row in zip_longest(self.regola, self.valore, fillvalue="") if any(row)]
        return rows + [("", "")] * (RULES_ASKED - len(rows))

    @property
    def query(self) -> list[tuple[str, str]]:
        """What the shortest address of the same question has; shares with a comma as they were typed."""
        single = ((field.name, getattr(self, field.name)) for field in fields(self)[:-2])
        pairs = [row for row in self.rules if any(row)]
        told = [(name, str(value)) for name, value in single if value]
        return told + [item for rule, value in pairs for item in (("regola", rule), ("valore", value))]


class Supposed(NamedTuple):
    """Ipotesi: homes that become free, works that end on another day, new cases, other rules; or what cannot be."""

    hypotheses: tuple[Hypothesis, ...]
    law: SupposedLaw
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.hypotheses or self.law) and not self.faults


def typed(
    alloggi: Number = "",
    comune: Municipality = "",
    ente: Code = "",
    programma: Code = "",
    fine: Day = None,
    casi: Number = "",
    comune_casi: Municipality = "",
    nucleo: Number = "",
    regole_al: Day = None,
    regola: Several = [],  # noqa: B006 - FastAPI copies it
    valore: Several = [],  # noqa: B006
) -> Typed:
    rules = tuple(regola), tuple(valore)
    return Typed(alloggi, comune, ente, programma, fine, casi, comune_casi, nucleo, regole_al, *rules)


def supposed(asked: Typed) -> Supposed:
    """What is asked for; nothing of it is left out silently: what is not whole is a fault."""
    hypotheses: list[Hypothesis] = []
    faults: list[str] = []
    values: list[SupposedRule] = []
    for found in (*_hypotheses(asked), *_rules(asked)):
        match found:
            case str():
                faults.append(found)
            case SupposedRule():
                values.append(found)
            case _:
                hypotheses.append(found)
    return Supposed(tuple(hypotheses), SupposedLaw(asked.regole_al, tuple(values)), tuple(faults))


def _hypotheses(asked: Typed) -> Iterator[Hypothesis | str]:
    homes, cases, people = _whole(asked.alloggi, MOST), _whole(asked.casi, MOST), _whole(asked.nucleo or "2", LARGEST)
    if any((asked.alloggi, asked.comune, asked.ente)) and asked.alloggi != "0":
        if homes and asked.comune and asked.ente:
            yield Vacancies(asked.comune, asked.ente, homes, UnitStatus.FREE_ASSIGNABLE)
        else:
            yield say(
                f"Alloggi che si liberano: servono quanti (da 1 a {MOST}), il comune e l’ente.",
                f"Homes that become free: how many (1 to {MOST}), the municipality and the owner are needed.",
            )
    if asked.programma and asked.fine:
        yield WorksMoved(asked.programma, None, asked.fine)
    elif asked.programma or asked.fine:
        yield say(
            "Lavori spostati: servono il programma e il giorno della nuova fine.",
            "Works moved: the programme and the day of the new end are needed.",
        )
    if any((asked.casi, asked.comune_casi)) and asked.casi != "0":
        if cases and people and asked.comune_casi:
            yield Cases(asked.comune_casi, cases, people, 1, False)
        else:
            yield say(
                f"Casi di emergenza: servono quanti (da 1 a {MOST}), il comune e da 1 a {LARGEST} persone per nucleo.",
                f"Emergency cases: how many (1 to {MOST}), their municipality and 1 to {LARGEST} people are needed.",
            )


def _rules(asked: Typed) -> Iterator[SupposedRule | str]:
    seen: set[str] = set()
    for parameter, text in asked.rules:
        if not parameter and not text:
            continue
        if parameter not in OFFERED or parameter in seen:
            yield say(
                f"Regole: scegliere dall’elenco, ciascuna una volta; «{parameter}» non va.",
                f"Rules: choose them from the list, each once; “{parameter}” cannot be.",
            )
            continue
        seen.add(parameter)
        value = _value(parameter, text)
        fault = None if value is None else fault_of(SupposedRule(parameter, value))
        if value is None or fault:
            yield _out_of_bounds(parameter, text)
        else:
            yield SupposedRule(parameter, value)


def _out_of_bounds(parameter: str, text: str) -> str:
    least, most = (bound * 100 if is_share(parameter) else bound for bound in ADJUSTABLE[parameter])
    unit = "%" if is_share(parameter) else ""
    return say(
        f"Regole: il valore «{text}» non va; serve un numero da {least} a {most}{unit}.",
        f"Rules: the value “{text}” cannot be; a number from {least} to {most}{unit} is needed.",
    )


def _value(parameter: str, text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip().removesuffix("%").replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    return value / 100 if is_share(parameter) else value


def _whole(text: str, most: int) -> int | None:
    """A count from 1, or None."""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= most else None
