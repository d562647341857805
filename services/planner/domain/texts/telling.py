"""A text as everybody reads it: each reference as its figure is written now, each sentence with the figures in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name, written
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.parts.material import AMBITO, Material, scope_of
from services.planner.domain.plan import FigureKey, Plan, key_of
from services.planner.domain.publication import step_it
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import Survey
from services.planner.domain.texts.catalogue import TextSection
from services.planner.domain.texts.markdown import Block, BlockKind, Fault, Passage, read_markdown
from services.planner.domain.texts.references import MARK, NotAReference, Reference, folded, read_reference
from services.planner.domain.withholding import told_figures
from shared.problem_texts import Text

MISSING: Final = "n.d."
"""Stands for a figure that the plan has not any more."""
WITHHELD: Final = "[dato non pubblicato]"
"""Stands for a figure that counts few households, or would give such a count away."""

_BOUNDS: Final = {"need_": "almeno ", "coverage": "al più "}
_ENDS: Final = ("_low", "_high")

MOST_FAULTS: Final = 20
"""Wrong references that are told at once."""


@dataclass(frozen=True)
class Numbers:
    """Numeri che i testi possono nominare: those of a plan and of its survey, as everybody is told them."""

    plan: Plan
    survey: Survey | None

    @classmethod
    def of(cls, material: Material) -> Numbers:
        return cls(material.plan, material.survey)

    @cached_property
    def values(self) -> Mapping[FigureKey, int]:
        return told_figures(self.plan)

    def figure(self, reference: Reference) -> Figure | None:
        """None where there is none, or none yet."""
        if reference.is_of_survey:
            has_more = reference.year is not None or reference.owner is not None
            return None if has_more else self._surveyed(reference.municipality).get(reference.figure)
        value = self.values.get(reference.key)
        if value is None:
            return None
        unit = FigureUnit(reference.key.measure.value)
        return Figure(scope_of(reference.municipality), reference.figure, unit, value, reference.figure)

    def told(self, reference: Reference) -> str:
        """`1.204`, `almeno 15,0`, `da 5 a 9`, or what stands instead of it."""
        if self.hides(reference):
            return WITHHELD
        figure = self.figure(reference)
        if figure is None or figure.value is None:
            return MISSING
        if reference.figure == "open_cases":
            return step_it(int(figure.value))
        return _bound(reference.figure) + written(figure)

    def hides(self, reference: Reference) -> bool:
        is_told = reference.is_of_survey or reference.key in self.values
        return not is_told and reference.key in self.plan.figures

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every one that there is a figure for, the whole ambito's first."""
        found = [Reference(key.figure, key.year, key.municipality, key.owner) for key in self.plan.figures]
        for place in (None, *self.plan.names):
            found += [Reference(name, None, place) for name in self._surveyed(place) if Reference(name).is_of_survey]
        return tuple(sorted(found, key=lambda one: (one.municipality or "", one.owner or "")))

    def _surveyed(self, place: str | None) -> dict[str, Figure]:
        if self.survey is None:
            return {}
        profile = self.survey.ambito if place is None else self.survey.municipalities.get(place)
        return {} if profile is None else dict(by_name(survey_figures(place or AMBITO, profile, ASSUMED)))

    def search(self, query: str, limit: int) -> list[Reference]:
        """References whose name and label together have all these words, or their beginnings, the shortest first."""
        names, words = self.plan.names, folded(query).split("_")
        found = []
        for reference in self.references:
            told = f"_{folded(reference.label(names))}_{folded(reference.printed(names))}_{folded(reference.figure)}"
            if all(f"_{word}" in told for word in words):
                found.append((len(told), reference))
        return [reference for _, reference in sorted(found, key=lambda one: one[0])[:limit]]


class ToldBlock(NamedTuple):
    """Capoverso com'è letto: a paragraph or list; its sentences with their figures."""

    kind: BlockKind
    sentences: tuple[Sentence, ...]


class ToldSection(NamedTuple):
    """Sezione com'è letta: under each heading its blocks; a sub-heading names its section too."""

    heading: str
    blocks: tuple[ToldBlock, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(sentence for block in self.blocks for sentence in block.sentences)


def _bound(figure: str) -> str:
    """Households are told from the lower end of the step that they lie in."""
    if figure.endswith(_ENDS):
        return ""
    return next((word for start, word in _BOUNDS.items() if figure.startswith(start)), "")


def tell_section(section: TextSection, markdown: str, numbers: Numbers) -> tuple[ToldSection, ...]:
    """What the document says of the section; nothing of one that nobody has written."""
    told: list[ToldSection] = []
    heading, blocks = section.title.it, list[ToldBlock]()
    for block in read_markdown(markdown).blocks:
        if block.kind is BlockKind.HEADING:
            told += [ToldSection(heading, tuple(blocks))] if blocks else []
            heading = f"{section.title.it}: {_sentence(block.passages[0], numbers).text}"
            blocks = []
        else:
            blocks.append(ToldBlock(block.kind, tuple(_sentence(one, numbers) for one in block.passages)))
    return (*told, ToldSection(heading, tuple(blocks))) if blocks else tuple(told)


def faults_of(markdown: str, numbers: Numbers) -> tuple[Fault, ...]:
    """Everything for which a text cannot be saved, line by line."""
    read = read_markdown(markdown)
    wrong = islice((fault for block in read.blocks for fault in _wrong_references(block, numbers)), MOST_FAULTS)
    return tuple(sorted((*read.faults, *wrong), key=lambda fault: fault.line))


def missing_in(markdown: str, numbers: Numbers) -> tuple[str, ...]:
    """References, as they were typed, whose figure the plan has not, or has not any more."""
    return tuple(dict.fromkeys(mark for mark, found in _marks(markdown, numbers) if _is_gone(found, numbers)))


def withheld_in(markdown: str, numbers: Numbers) -> tuple[str, ...]:
    """References, as they were typed, whose figure is not told."""
    return tuple(dict.fromkeys(mark for mark, found in _marks(markdown, numbers) if found and numbers.hides(found)))


def figures_named(ids: Iterable[str], material: Material) -> dict[str, Figure]:
    """Those of these identifiers that a text may name, each with its value now."""
    numbers = Numbers.of(material)
    found = {one: numbers.figure(_reference_of(one)) for one in ids}
    return {name: figure for name, figure in found.items() if figure is not None}


def _reference_of(figure_id: str) -> Reference:
    if ":" in figure_id:
        key = key_of(figure_id)
        return Reference(key.figure, key.year, key.municipality, key.owner)
    scope, _, name = figure_id.partition("/")
    return Reference(name, None, None if scope == AMBITO else scope)


def _marks(markdown: str, numbers: Numbers) -> Iterator[tuple[str, Reference | None]]:
    for block in read_markdown(markdown).blocks:
        for passage in block.passages:
            for mark in MARK.finditer(passage.text):
                yield mark[0], _read(mark[1], numbers)


def _read(inner: str, numbers: Numbers) -> Reference | None:
    try:
        return read_reference(inner, numbers.plan.triennium.first_year, numbers.plan.names)
    except NotAReference:
        return None


def _is_gone(found: Reference | None, numbers: Numbers) -> bool:
    return found is None or (not numbers.hides(found) and numbers.figure(found) is None)


def _sentence(passage: Passage, numbers: Numbers) -> Sentence:
    used: list[str] = []

    def number(mark: re.Match[str]) -> str:
        found = _read(mark[1], numbers)
        if found is None:
            return MISSING
        if not numbers.hides(found) and numbers.figure(found) is not None:
            used.append(found.id)
        return numbers.told(found)

    # An abbreviation at the end of a sentence has one full stop.
    return Sentence(MARK.sub(number, passage.text).replace(f"{MISSING}.", MISSING), tuple(used))


def _wrong_references(block: Block, numbers: Numbers) -> Iterator[Fault]:
    plan = numbers.plan
    for passage in block.passages:
        if "{{" in (rest := MARK.sub("", passage.text)) or "}}" in rest:
            yield Fault(passage.line, _UNCLOSED, _UNCLOSED_REMEDY)
        for mark in MARK.finditer(passage.text):
            try:
                found = read_reference(mark[1], plan.triennium.first_year, plan.names)
            except NotAReference as why:
                yield Fault(passage.line, _UNKNOWN.filled(mark=mark[0], unknown=why.unknown), _nearest(why.near))
                continue
            if not numbers.hides(found) and numbers.figure(found) is None:
                yield Fault(passage.line, _NO_FIGURE.filled(mark=mark[0]), _exists(found, plan))


def _nearest(near: Sequence[str]) -> Text:
    return _NEAREST.filled(near="; ".join(f"«{one}»" for one in near)) if near else _SEARCH


def _exists(found: Reference, plan: Plan) -> Text:
    """Of which years and owners there is the figure."""
    keys = [key for key in plan.figures if (key.figure, key.municipality) == (found.figure, found.municipality)]
    years = sorted({key.year for key in keys if key.year})
    owners = sorted({key.owner for key in keys if key.owner})
    return _EXISTS.filled(years=", ".join(map(str, years)) or "–", owners=", ".join(owners) or "–")


_UNCLOSED = Text(
    "Un riferimento non è scritto per intero tra doppie graffe.",
    "A reference is not written whole between double braces.",
)
_UNCLOSED_REMEDY = Text(
    "Scriverlo come «{{patrimonio: Cremona}}», senza altre graffe.", "Write it like “{{patrimonio: Cremona}}”."
)
_UNKNOWN = Text("Nel riferimento {mark} non si riconosce «{unknown}».", "In {mark}, “{unknown}” is not known.")
_NEAREST = Text(
    "I nomi più vicini sono {near}; oppure cercare il numero nell’elenco.",
    "The nearest names are {near}; or search the list of figures.",
)
_SEARCH = Text("Cercare il numero nell’elenco.", "Search the list of figures.")
_NO_FIGURE = Text("Il piano non ha il numero {mark}.", "The plan has no figure {mark}.")
_EXISTS = Text(
    "Di quel luogo c’è per questi anni: {years}; per questi enti: {owners}. Cercarlo nell’elenco dei numeri.",
    "Of that place there is one for these years: {years}; for these owners: {owners}. Search the list of figures.",
)
