"""The form of a declaration as it is shown: its fields with what was typed, what is wrong, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.intake.domain.faults import Fault
from services.intake.pages import fields as known
from services.intake.pages.fields import Field, Kind, LinesPart, RowsPart
from services.intake.pages.typed import MOST_ROWS, NONE, REASON, YES, Asked, Read, Typed, is_filled, row_count
from shared.pages import say, spoken
from shared.problems import FieldError, Text


class Wrong(NamedTuple):
    """What is wrong with a field, and whether a reason makes it right."""

    name: str | None
    text: str
    can_be_confirmed: bool = False


class Entry(NamedTuple):
    """A field of the form; `reason` is why its implausible value is right, where that is asked."""

    name: str
    label: str
    kind: Kind
    value: str
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    errors: Sequence[str] = ()
    reason: str | None = None


class FieldSet(NamedTuple):
    """Fields under one heading."""

    legend: str
    entries: Sequence[Entry]


class Rows(NamedTuple):
    """A part that is a list of rows; `kept` of them the form does not carry."""

    name: str
    title: str
    none: str
    is_none: bool
    rows: Sequence[FieldSet]
    add: str
    head: Entry
    kept: int

    @property
    def is_used(self) -> bool:
        return bool(self.rows or self.is_none or self.kept or self.head.errors)


class Lines(NamedTuple):
    """A part that is a list of sentences."""

    name: str
    title: str
    none: str
    is_none: bool
    entry: Entry


class DeclarationForm(NamedTuple):
    """`over` is the revision that it is filled in over; `source` says where what stands in it comes from."""

    over: int
    source: str
    nil: bool
    nil_errors: Sequence[str]
    columns: Sequence[FieldSet]
    forecast: Sequence[FieldSet]
    need: Sequence[FieldSet]
    rows: Sequence[Rows]
    lines: Sequence[Lines]
    wrong: Sequence[Wrong]

    @property
    def asks_to_confirm(self) -> bool:
        return any(one.can_be_confirmed for one in self.wrong)


def wrong_of(faults: Iterable[Fault | FieldError], read: Read) -> list[Wrong]:
    """Faults in the words of the page, each at its field."""
    return [_wrong(fault, read) for fault in faults]


def _wrong(fault: Fault | FieldError, read: Read) -> Wrong:
    language, name = spoken().language, read.name_of(fault.field)
    rule, remedy = fault.rule, fault.remedy
    can_be_confirmed = isinstance(fault, Fault) and fault.is_implausible and fault.field in read.names
    if can_be_confirmed:
        remedy = _CONFIRM
    elif name == "nil":
        rule, remedy = _NOTHING, _CHOOSE
    text = f"{_CODE.sub('', rule.read_in(language))} {remedy.read_in(language)}"
    return Wrong(name, text, can_be_confirmed)


def form_of(
    asked: Asked,
    typed: Typed,
    over: int,
    *,
    source: str = "",
    wrong: Sequence[Wrong] = (),
    reasons: Mapping[str, str] | None = None,
    longer: str = "",
) -> DeclarationForm:
    """`reasons` are those given before; the part named `longer` has one row more than what was typed."""
    entries = _Entries(typed, wrong, reasons or {})
    first = str(asked.years[0])
    return DeclarationForm(
        over,
        source,
        typed.get("nil") == YES,
        entries.errors("nil"),
        [
            entries.group(say("a. Patrimonio", "a. Stock"), "columns", known.STOCK),
            entries.group(
                say(f"b–g. Alloggi assegnabili nel {first}", f"b–g. Homes assignable in {first}"),
                "columns",
                known.ASSIGNABLE,
            ),
            entries.group(
                say(f"h–i. Quote degli alloggi del {first}", f"h–i. Shares of the homes of {first}"),
                "columns",
                known.SHARES,
            ),
            entries.group(say("j–k. Altri alloggi", "j–k. Other homes"), "columns", known.OTHERS),
        ],
        [entries.group(str(year), f"forecast-{year}", known.YEAR) for year in asked.years],
        [
            entries.group("", "need", known.NEED),
            entries.group(_said(known.SPLIT_TITLE), f"need-{known.SPLIT}", known.SIZES),
        ]
        if asked.carries("need")
        else [],
        [_rows(entries, asked, part, longer) for part in known.ROWS if _is_asked(asked, part)],
        [_lines(entries, part) for part in known.LINES if asked.carries(part.name)],
        wrong,
    )


def _is_asked(asked: Asked, part: RowsPart) -> bool:
    return asked.carries(part.name) or part.name in asked.kept


def _rows(entries: _Entries, asked: Asked, part: RowsPart, longer: str) -> Rows:
    kept = len(asked.kept.get(part.name, ()))
    count = 0 if kept else row_count(entries.typed, part.name)
    if (
        longer == part.name
        and count < MOST_ROWS
        and (not count or is_filled(entries.typed, f"{part.name}-{count - 1}", part.fields))
    ):
        count += 1
    rows = [entries.group(f"{_said(part.row)} {row + 1}", f"{part.name}-{row}", part.fields) for row in range(count)]
    add = "" if kept or count >= MOST_ROWS else say("Aggiungi una riga", "Add a row")
    head = entries.entry(part.name, Field(part.name, part.title, "text"))
    is_none = entries.typed.get(part.name + NONE) == YES
    return Rows(part.name, _said(part.title), _said(part.none), is_none, rows, add, head, kept)


def _lines(entries: _Entries, part: LinesPart) -> Lines:
    entry = entries.entry(part.name, Field(part.name, part.title, "long", hint=part.hint))
    return Lines(part.name, _said(part.title), _said(part.none), entries.typed.get(part.name + NONE) == YES, entry)


class _Entries(NamedTuple):
    """Makes the fields of a form of what was typed into them and what was wrong with it."""

    typed: Typed
    wrong: Sequence[Wrong]
    reasons: Mapping[str, str]

    def group(self, legend: str, prefix: str, fields: Sequence[Field]) -> FieldSet:
        return FieldSet(legend, [self.entry(f"{prefix}-{field.name}", field) for field in fields])

    def entry(self, name: str, field: Field) -> Entry:
        label = _said(field.label) + (f" ({field.letter})" if field.letter else "")
        options = [(value, _said(text)) for value, text in field.options]
        hint = _said(field.hint) if field.hint else ""
        value = self.typed.get(name, "")
        return Entry(name, label, field.kind, value, hint, options, self.errors(name), self._reason(name))

    def errors(self, name: str) -> list[str]:
        return [one.text for one in self.wrong if one.name == name]

    def _reason(self, name: str) -> str | None:
        """None where nobody is asked for one."""
        given = self.typed.get(REASON + name, "")
        is_asked = any(one.name == name and one.can_be_confirmed for one in self.wrong)
        return (given or self.reasons.get(name, "")) if given or is_asked else None


def _said(text: Text) -> str:
    return text.read_in(spoken().language)


_CODE: Final = re.compile(r"^(V[0-9]+|[a-z]+(-[a-z]+)+): ")
"""Of the broken rule: programs are told it, people have the sentence."""
_CONFIRM: Final = Text(
    "Correggere il valore, oppure scrivere sotto perché è giusto.", "Correct the value, or write below why it is right."
)
_NOTHING: Final = Text("Mancano le colonne da a a k.", "Columns a to k are missing.")
_CHOOSE: Final = Text(
    "Scrivere i dati, oppure scegliere «nulla da dichiarare».", "Write the data, or choose 'nothing to declare'."
)


def overtaken(revision: int) -> Wrong:
    """Somebody else's revision has come while the form was filled in."""
    return Wrong(
        None,
        say(
            f"Nel frattempo è arrivata la revisione {revision}, mostrata sopra: quanto avete scritto è ancora nel "
            "modulo. Confrontare, e trasmettere di nuovo per sostituirla.",
            f"Meanwhile revision {revision} has come, shown above: what you have written is still in the form. "
            "Compare, and send again to replace it.",
        ),
    )
