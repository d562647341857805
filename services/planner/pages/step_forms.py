"""The forms by which a step of the plan's way is recorded: what each asks for, and what was typed, never lost.

What a step carries is said in `domain/lifecycle`; a form follows from it, and what is sent is read by the API's shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from services.planner.domain.lifecycle.transitions import (
    CARRIED,
    Carried,
    EditionStanding,
    kinds_to_propose,
    offices_of,
)
from services.planner.pages.edition_words import ACTS, KINDS, OFFICES, ORGANS, said
from shared.events import ActKind, EditionKind, Office, Organ, PlanStatus
from shared.pages import say, spoken
from shared.problems import Problem, Text

Slug = Literal["proposta", "sottoposizione", "voto", "trasmissione", "pubblicazione"]
SLUGS: Final[Mapping[PlanStatus, Slug]] = {
    PlanStatus.PROPOSED: "proposta",
    PlanStatus.SUBMITTED_TO_ASSEMBLY: "sottoposizione",
    PlanStatus.APPROVED: "voto",
    PlanStatus.RETURNED: "voto",
    PlanStatus.TRANSMITTED_TO_REGION: "trasmissione",
    PlanStatus.PUBLISHED: "pubblicazione",
}
PARTS: Final = ("kind", "number", "on")
"""Of an act."""


class Entry(NamedTuple):
    """A field of a form: what stands in it, and what is wrong with that."""

    name: str
    label: str
    kind: Literal["select", "date", "text", "lines"]
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    required: bool = False
    hint: str = ""
    errors: Sequence[str] = ()


class Group(NamedTuple):
    """Fields under one heading; without one they are the form's own."""

    legend: str
    entries: Sequence[Entry]


class Fault(NamedTuple):
    """What keeps a step from being taken, and the field that it is about."""

    name: str | None
    text: str


@dataclass(frozen=True)
class StepForm:
    """The form of one step; `slug` is where it is sent."""

    status: PlanStatus
    slug: Slug
    title: str
    lead: str
    button: str
    hidden: Mapping[str, str]
    groups: Sequence[Group]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True)
class Refused:
    """A form that was sent in vain: what was typed, and the problem it met."""

    status: PlanStatus
    typed: Mapping[str, str]
    problem: Problem
    names: Mapping[str, str] = field(default_factory=dict)
    """Fields of the form by the pointers of what was read from it."""

    @property
    def faults(self) -> list[Fault]:
        language = spoken().language
        found = [
            Fault(self._name(one.field), f"{one.rule.read_in(language)} {one.remedy.read_in(language)}")
            for one in self.problem.errors
            if not one.field.startswith("/rows/")
        ]
        return found or [Fault(None, self.problem.detail.read_in(language))]

    def _name(self, pointer: str) -> str | None:
        return self.names.get(pointer, pointer.removeprefix("/") if pointer.count("/") == 1 else None)


def read_form(status: PlanStatus, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed as the API would be sent it, and the fields' names by its pointers; empty fields are not sent."""
    simple = ("on", "office", "reason", "kind") if status is not PlanStatus.PROPOSED else ("office", "kind")
    document: dict[str, Any] = {name: text for name in simple if (text := typed.get(name, "").strip())}
    if status is PlanStatus.PROPOSED:
        version = typed.get("version", "")
        return document | ({"version": int(version)} if version.isdecimal() and len(version) < 10 else {}), {}
    document.pop("kind", None)
    acts: list[dict[str, str]] = []
    names: dict[str, str] = {}
    for organ in _organs(status):
        given = {part: text for part in PARTS if (text := typed.get(f"{organ}-{part}", "").strip())}
        if given.keys() - {"kind"}:
            names |= {f"/acts/{len(acts)}/{part}": f"{organ}-{part}" for part in PARTS}
            acts.append({"organ": organ, **given})
    needed = sorted(CARRIED[status].needs)
    names |= {"/acts": f"{needed[0]}-number"} if needed else {}
    document |= {"acts": acts} if acts else {}
    if status in (PlanStatus.APPROVED, PlanStatus.RETURNED):
        document["status"] = status
    return document, names


def form_of(
    status: PlanStatus, last: EditionStanding | None, version: int, today: date, refused: Refused | None
) -> StepForm:
    """The form of a step that may be taken now, as it was filled in if it was sent in vain."""
    met = refused if refused is not None and refused.status is status else None
    typed: Mapping[str, str] = met.typed if met else {}
    entries = _Entries(typed, met.faults if met else ())
    title, lead, button = (words.read_in(spoken().language) for words in _WORDS[status])
    hidden = {"status": str(status)}
    if status is PlanStatus.PROPOSED:
        hidden["version"] = str(version)
        kinds = [(kind, said(KINDS, kind)) for kind in EditionKind if kind in kinds_to_propose(last)]
        own = [entries.select("kind", say("Che cosa si propone", "What is proposed"), kinds)]
        groups = [Group("", [*own, *_office(entries, status, hidden)])]
    else:
        hidden["edition"] = str(last.number) if last else ""
        carried = CARRIED[status]
        own = [entries.day("on", _DAYS[status].read_in(spoken().language), today.isoformat())]
        own += _office(entries, status, hidden)
        groups = [Group("", own), *_acts(entries, status, carried)]
        if carried.has_reason:
            reason = entries.lines("reason", say("Motivo del rinvio", "Reason for the return"))
            groups.insert(1, Group("", [reason]))
    shown = {entry.name for group in groups for entry in group.entries}
    faults = [fault if fault.name in shown else Fault(None, fault.text) for fault in entries.faults]
    return StepForm(status, SLUGS[status], title, lead, button, hidden, groups, faults)


def _office(entries: _Entries, status: PlanStatus, hidden: dict[str, str]) -> list[Entry]:
    """Nobody is asked where only one office can have done it."""
    offices = [(office, said(OFFICES, office)) for office in Office if office in offices_of(status)]
    if len(offices) == 1:
        hidden["office"] = offices[0][0]
        return []
    return [
        entries.select("office", say("Ufficio che lo compie", "Office that does it"), offices, Office.HOUSING_OFFICE)
    ]


def _acts(entries: _Entries, status: PlanStatus, carried: Carried) -> Iterator[Group]:
    kinds = [(kind, said(ACTS, kind)) for kind in ActKind]
    for organ in _organs(status):
        needed = organ in carried.needs
        mark = "" if needed else say(" (se c’è)", " (if there is one)")
        yield Group(
            f"{say('Atto', 'Act')}: {said(ORGANS, organ)}{mark}",
            [
                entries.select(f"{organ}-kind", say("Tipo", "Kind"), kinds),
                entries.text(
                    f"{organ}-number",
                    say("Numero", "Number"),
                    needed,
                    say("Per esempio 12, o 131/2026", "12, say, or 131/2026"),
                ),
                entries.day(f"{organ}-on", say("Data dell’atto", "Date of the act"), "", needed),
            ],
        )


def _organs(status: PlanStatus) -> list[Organ]:
    """Whose acts the step may name, those it needs first."""
    carried = CARRIED[status]
    return sorted(carried.may_name, key=lambda organ: (organ not in carried.needs, organ))


class _Entries(NamedTuple):
    """Makes the fields of a form of what was typed into them and what was wrong with it."""

    typed: Mapping[str, str]
    faults: Sequence[Fault]

    def select(self, name: str, label: str, options: Sequence[tuple[str, str]], usual: str = "") -> Entry:
        return Entry(name, label, "select", self.typed.get(name, usual), options, errors=self._errors(name))

    def day(self, name: str, label: str, usual: str, required: bool = True) -> Entry:
        value = self.typed.get(name, usual)
        return Entry(name, label, "date", value, required=required, errors=self._errors(name))

    def text(self, name: str, label: str, required: bool, hint: str) -> Entry:
        value = self.typed.get(name, "")
        return Entry(name, label, "text", value, required=required, hint=hint, errors=self._errors(name))

    def lines(self, name: str, label: str) -> Entry:
        return Entry(name, label, "lines", self.typed.get(name, ""), required=True, errors=self._errors(name))

    def _errors(self, name: str) -> list[str]:
        return [fault.text for fault in self.faults if fault.name == name]


_WORDS: Final[Mapping[PlanStatus, tuple[Text, Text, Text]]] = {
    PlanStatus.PROPOSED: (
        Text("Proporre il piano", "Propose the plan"),
        Text(
            "Congela il piano com’è in questo momento: testi, numeri, regole, documento. I numeri vivi vanno avanti.",
            "Freezes the plan as it is at this moment: texts, figures, rules, document. The live figures go on.",
        ),
        Text("Proponi il piano", "Propose the plan"),
    ),
    PlanStatus.SUBMITTED_TO_ASSEMBLY: (
        Text("Sottoporlo all’Assemblea dei Sindaci", "Submit it to the mayors’ assembly"),
        Text("La proposta va all’Assemblea, che vota.", "The proposal goes to the assembly, which votes."),
        Text("Registra: sottoposto all’Assemblea", "Record: submitted to the assembly"),
    ),
    PlanStatus.APPROVED: (
        Text("Registrare l’approvazione", "Record the approval"),
        Text(
            "Con la seduta e l’atto dell’Assemblea. Da allora nulla può cambiare l’edizione.",
            "With the assembly’s day and act. From then on nothing can change the edition.",
        ),
        Text("Registra l’approvazione", "Record the approval"),
    ),
    PlanStatus.RETURNED: (
        Text("Oppure registrare il rinvio", "Or record the return"),
        Text(
            "L’Assemblea chiede di rivedere il piano: il capofila lo proporrà di nuovo.",
            "The assembly asks for changes: the lead municipality will propose the plan again.",
        ),
        Text("Registra il rinvio", "Record the return"),
    ),
    PlanStatus.TRANSMITTED_TO_REGION: (
        Text("Trasmetterlo alla Regione", "Send it to the region"),
        Text(
            "Con la deliberazione della Giunta o la nota di trasmissione, se ci sono.",
            "With the executive’s resolution or the covering note, if there are any.",
        ),
        Text("Registra: trasmesso alla Regione", "Record: sent to the region"),
    ),
    PlanStatus.PUBLISHED: (
        Text("Pubblicarlo", "Publish it"),
        Text(
            "Da allora chiunque legge l’edizione e ne scarica i documenti, senza accesso.",
            "From then on everybody reads the edition and downloads its documents, without signing in.",
        ),
        Text("Pubblica l’edizione", "Publish the edition"),
    ),
}
_DAYS: Final[Mapping[PlanStatus, Text]] = {
    PlanStatus.SUBMITTED_TO_ASSEMBLY: Text("Giorno", "Day"),
    PlanStatus.APPROVED: Text("Giorno della seduta", "Day of the assembly"),
    PlanStatus.RETURNED: Text("Giorno della seduta", "Day of the assembly"),
    PlanStatus.TRANSMITTED_TO_REGION: Text("Giorno della trasmissione", "Day on which it is sent"),
    PlanStatus.PUBLISHED: Text("Giorno della pubblicazione", "Day of the publication"),
}
