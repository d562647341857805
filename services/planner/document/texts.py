"""The texts that offices wrote, among the generated sections of their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps

from services.planner.document.model import Block, DocumentPart, Listing, Paragraph, Section
from services.planner.domain.parts import Material
from services.planner.domain.texts.catalogue import TextSection, sections_of
from services.planner.domain.texts.markdown import BlockKind
from services.planner.domain.texts.telling import Numbers, ToldBlock, tell_section

Assemble = Callable[[Material], DocumentPart]


def with_texts(assemble: Assemble) -> Assemble:
    """The part with its texts: those that lead before its first heading, the others at its end."""

    @wraps(assemble)
    def assembled(material: Material) -> DocumentPart:
        part = assemble(material)
        first, others = (tuple(_told(part, material, leads)) for leads in (True, False))
        opening = tuple(section for section in part.sections[:1] if not section.title)
        return replace(part, sections=(*opening, *first, *part.sections[len(opening) :], *others))

    return assembled


def text_sections(section: TextSection, markdown: str, numbers: Numbers) -> tuple[Section, ...]:
    """What the document says of one section."""
    return tuple(
        Section(told.heading, tuple(map(_block, told.blocks))) for told in tell_section(section, markdown, numbers)
    )


def _told(part: DocumentPart, material: Material, leads: bool) -> Iterator[Section]:
    numbers = Numbers.of(material)
    for section in sections_of(int(part.number)):
        text = material.state.texts.get((material.plan.triennium.first_year, section.code))
        if text and section.leads is leads:
            yield from text_sections(section, text.markdown, numbers)


def _block(told: ToldBlock) -> Block:
    return Listing(told.sentences) if told.kind is BlockKind.LISTING else Paragraph(told.sentences)
