"""What a check of the plan tells an owner: row, column, value, rule and how to mend it, in Italian and English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from shared.events import Measure
from shared.problem_texts import Text
from shared.wording import amount, organisation_name

COUNTS = {
    "home": (Text("1 alloggio", "1 home"), Text("{} alloggi", "{} homes")),
    "household": (Text("1 nucleo familiare", "1 household"), Text("{} nuclei familiari", "{} households")),
}
"""(one, several) of what is counted in sentences."""


class Severity(StrEnum):
    """Gravità della verifica: what a fault does to the row (domain.md §6)."""

    VALIDITY = "VALIDITY"
    MISSING = "MISSING"
    IMPLAUSIBLE = "IMPLAUSIBLE"


class RowKey(NamedTuple):
    """Riga dell'ente per comune: `municipality` is None where a rule looks at all the owner's homes in the ambito."""

    owner: str
    municipality: str | None
    year: int


class Check(NamedTuple):
    """Esito negativo di una verifica: the broken rule's code, where, both numbers in `rule`, and how to mend it.

    `units` are the homes that make the difference, where the registry can name them; `parameters` the legal ones used.
    """

    code: str
    severity: Severity
    row: RowKey
    column: str
    value: str
    rule: Text
    remedy: Text
    parameters: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def told(self, names: Mapping[str, str]) -> Text:
        """The whole message: `Comune di Soresina, Soresina, 2026, colonna j, valore 3: …`."""
        owner, municipality, year = self.row
        whose = organisation_name(owner, names).removeprefix("il ")
        where = names.get(municipality, municipality) if municipality else None
        place = f"{whose}, {where}, {year}" if where else f"{whose}, {year}"
        return Text(
            f"{place}, colonna {self.column}, valore {self.value}: {self.rule.it} {self.remedy.it}",
            f"{place}, column {self.column}, value {self.value}: {self.rule.en} {self.remedy.en}",
        )


def counted(count: int, what: str = "home") -> Text:
    """`1 alloggio`, `1.204 alloggi`; `1 home`, `1,204 homes`."""
    one, several = COUNTS[what]
    if count == 1:
        return one
    return Text(several.it.format(amount(Measure.COUNT, count)), several.en.format(f"{count:,}"))


def percent(share: Decimal) -> str:
    """`20%`, `12,5%`: as little as says the whole share, in Italian."""
    return f"{(share * 100).normalize():f}%".replace(".", ",")
