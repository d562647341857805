"""A declaration as the fields of its form, and what was typed into them as `POST /submissions` would be sent it.

A field is named by the way to its value: `columns-free_now`, `forecast-2027-works_assignable`, `programmes-0-units`.
Only what can be read is made a number here: all else is sent as it was typed, and refused as the API refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from services.intake.domain.parameters import CycleRules
from services.intake.domain.submissions import OF_STOCK, OF_TERRITORY
from services.intake.pages.fields import COLUMNS, LINES, NEED, ROWS, SIZES, SPLIT, YEAR, Field, Kind, RowsPart
from shared.events import OwnerKind, SubmissionReceived
from shared.events.contests import SUMMANDS

MOST_ROWS: Final = 25
"""Rows of one part that a form carries: with more of them it would have too many fields to be sent."""
YES: Final = "si"
NONE, REASON = "-nessuno", "motivo-"
WHOLES: Final = ("/nil", "/columns", "/forecast", "/need", f"/need/{SPLIT}")
"""What has no field of its own: what is wrong with it stands beside its first."""
HUNDRED: Final = Decimal(100)

Typed = Mapping[str, str]


class Asked(NamedTuple):
    """What a form is about, and the parts that it does not carry: they stay as they were sent last."""

    cycle_year: int
    municipality: str
    kind: OwnerKind
    years: Sequence[int]
    kept: Mapping[str, Any]
    confirmed: Sequence[Mapping[str, str]]
    """What was said of implausible values in them."""

    @classmethod
    def over(cls, cycle_year: int, municipality: str, kind: OwnerKind, last: SubmissionReceived | None) -> Asked:
        """About the next revision of a row."""
        years = CycleRules.of(cycle_year).years
        document = last.model_dump(mode="json") if last else {}
        kept = {part.name: document[part.name] for part in ROWS if len(document.get(part.name) or ()) > MOST_ROWS}
        confirmed = [one for one in document.get("confirmations", ()) if one["field"].split("/")[1] in kept]
        return cls(cycle_year, municipality, kind, years, kept, confirmed)

    def carries(self, part: str) -> bool:
        of_town = part in OF_TERRITORY and self.kind is not OwnerKind.MUNICIPALITY
        return part not in self.kept and not of_town


class Read(NamedTuple):
    """What was typed, as a document; the form's fields by the pointers of what was read from them."""

    document: dict[str, Any]
    names: dict[str, str]

    def name_of(self, pointer: str) -> str | None:
        """The field that a fault is about: that of the pointer, or of the nearest part it lies in."""
        while pointer and pointer not in self.names:
            pointer = pointer.rpartition("/")[0]
        return self.names.get(pointer)


def read_form(typed: Typed, asked: Asked) -> Read:
    """Empty fields are not sent; with nothing to declare the columns and the parts of the stock are not either."""
    names = {"/nil": "nil", "/columns": "nil"}
    nil = typed.get("nil") == YES
    document: dict[str, Any] = {"cycle_year": asked.cycle_year, "municipality": asked.municipality, "nil": nil}
    parts: dict[str, Any] = {}
    if not nil:
        parts["columns"] = _with_total(_given(typed, "columns", "/columns", COLUMNS, names))
        parts["forecast"] = _forecast(typed, asked.years, names)
    parts |= {rows.name: _rows(typed, rows, names) for rows in ROWS if not (nil and rows.name in OF_STOCK)}
    if need := _need(typed, names):
        parts["need"] = need
    parts |= {lines.name: _lines(typed, lines.name, names) for lines in LINES}
    kept = {name: part for name, part in asked.kept.items() if not (nil and name in OF_STOCK)}
    document |= {name: part for name, part in parts.items() if part is not None and asked.carries(name)} | kept
    confirmed = () if nil else asked.confirmed
    if confirmations := [*_confirmations(typed, names), *confirmed]:
        document["confirmations"] = confirmations
    return Read(document, names)


def _given(typed: Typed, prefix: str, pointer: str, fields: Sequence[Field], names: dict[str, str]) -> dict[str, Any]:
    names |= {f"{pointer}/{field.name}": f"{prefix}-{field.name}" for field in fields}
    found = ((field, typed.get(f"{prefix}-{field.name}", "").strip()) for field in fields)
    return {field.name: read(text, field.kind) for field, text in found if text}


def _with_total(columns: dict[str, Any]) -> dict[str, Any] | None:
    """None where nothing was typed; a total left empty is the sum, if there is one."""
    if not columns:
        return None
    parts = [columns.get(name, 0) for name in SUMMANDS]
    if "assignable_total" not in columns and all(isinstance(part, int) for part in parts):
        columns["assignable_total"] = sum(parts)
    return columns


def _forecast(typed: Typed, years: Sequence[int], names: dict[str, str]) -> list[dict[str, Any]] | None:
    names["/forecast"] = f"forecast-{years[0]}-{YEAR[0].name}"
    found: list[dict[str, Any]] = []
    for year in years:
        if given := _given(typed, f"forecast-{year}", f"/forecast/{len(found)}", YEAR, names):
            found.append({"year": year, **given})
    return found or None


def _need(typed: Typed, names: dict[str, str]) -> dict[str, Any]:
    need = _given(typed, "need", "/need", NEED, names)
    split = _given(typed, f"need-{SPLIT}", f"/need/{SPLIT}", SIZES, names)
    names |= {"/need": f"need-{NEED[0].name}", f"/need/{SPLIT}": f"need-{SPLIT}-0"}
    return need | ({SPLIT: [split.get(size.name) for size in SIZES]} if split else {})


def _rows(typed: Typed, part: RowsPart, names: dict[str, str]) -> list[dict[str, Any]] | None:
    names[f"/{part.name}"] = part.name
    found: list[dict[str, Any]] = []
    for row in range(row_count(typed, part.name)):
        prefix = f"{part.name}-{row}"
        if is_filled(typed, prefix, part.fields):
            given = _given(typed, prefix, f"/{part.name}/{len(found)}", part.fields, names)
            flags = {field.name: field.name in given for field in part.fields if field.kind == "flag"}
            found.append(given | flags)
    return found or ([] if typed.get(part.name + NONE) else None)


def _lines(typed: Typed, part: str, names: dict[str, str]) -> list[str] | None:
    names[f"/{part}"] = part
    found = [line.strip() for line in typed.get(part, "").splitlines() if line.strip()]
    return found or ([] if typed.get(part + NONE) else None)


def _confirmations(typed: Typed, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for pointer, name in names.items():
        if (reason := typed.get(REASON + name, "").strip()) and pointer not in WHOLES:
            yield {"field": pointer, "reason": reason}


def row_count(typed: Typed, part: str) -> int:
    """Rows that the form had, empty ones too."""
    numbers = (name.split("-")[1] for name in typed if name.startswith(f"{part}-"))
    return min(
        MOST_ROWS, 1 + max((int(number) for number in numbers if number.isdecimal() and len(number) < 3), default=-1)
    )


def is_filled(typed: Typed, prefix: str, fields: Sequence[Field]) -> bool:
    """Whether anything was typed into the row; what is chosen from a list, or ticked, is no row by itself."""
    return any(
        typed.get(f"{prefix}-{field.name}", "").strip() for field in fields if field.kind not in ("choice", "flag")
    )


def read(text: str, kind: Kind) -> Any:
    """`12` as a number, `12,5` % as a share of one, `60.000,00` as an amount; the text where it is none of that."""
    if kind == "count":
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
    if kind == "flag":
        return True
    if kind in ("share", "euro"):
        plain = text.replace(".", "").replace(",", ".") if "," in text else text
        try:
            amount = Decimal(plain)
            return str(amount / HUNDRED if kind == "share" else amount)
        except InvalidOperation:
            return text
    return text


def shown(value: Any, kind: Kind) -> str:
    """A value of a declaration, as it is typed."""
    if value is None or value is False:
        return ""
    if value is True:
        return YES
    if kind == "share":
        return f"{(Decimal(str(value)) * HUNDRED).normalize():f}".replace(".", ",")
    return str(value).replace(".", ",") if kind == "euro" else str(value)


def typed_of(said: SubmissionReceived) -> Read:
    """The fields that a declaration would have been typed into, as a document of their own, and their names."""
    document, names, typed = said.model_dump(mode="json"), {}, {"nil": YES if said.nil else ""}

    def put(prefix: str, pointer: str, fields: Sequence[Field], values: Mapping[str, Any]) -> None:
        for field in fields:
            names[f"{pointer}/{field.name}"] = f"{prefix}-{field.name}"
            typed[f"{prefix}-{field.name}"] = shown(values.get(field.name), field.kind)

    put("columns", "/columns", COLUMNS, document["columns"] or {})
    for row, year in enumerate(document["forecast"] or ()):
        put(f"forecast-{year['year']}", f"/forecast/{row}", YEAR, year)
    need = document["need"] or {}
    put("need", "/need", NEED, need)
    put(
        f"need-{SPLIT}", f"/need/{SPLIT}", SIZES, {str(size): count for size, count in enumerate(need.get(SPLIT) or ())}
    )
    for part in ROWS:
        names[f"/{part.name}"], typed[part.name + NONE] = part.name, YES if document[part.name] == [] else ""
        for row, values in enumerate(document[part.name] or ()):
            put(f"{part.name}-{row}", f"/{part.name}/{row}", part.fields, values)
    for lines in LINES:
        typed[lines.name + NONE] = YES if document[lines.name] == [] else ""
        typed[lines.name] = "\n".join(document[lines.name] or ())
    return Read(typed, names)


def reasons_of(said: SubmissionReceived) -> dict[str, str]:
    """Why implausible values were right, by the fields that they were typed into."""
    names = typed_of(said).names
    return {names[one.field]: one.reason for one in said.confirmations if one.field in names}
