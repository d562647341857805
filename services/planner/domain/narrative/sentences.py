"""Sentences that cannot disagree with the plan: each is a template filled from figures, and keeps which ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from services.planner.domain.narrative.figures import Figure, is_one, written

PLACEHOLDER: Final = re.compile(r"\{(?P<name>\w+)(?::(?P<one>[^|}]+)\|(?P<many>[^}]+))?\}")
"""`{name}`, or `{name:comune|comuni}` for a number followed by its noun."""


class Sentence(NamedTuple):
    """Frase generata: the text, and the figures in it by their identifiers, in the order of the text."""

    text: str
    figures: tuple[str, ...]


def tell(
    templates: Iterable[str], figures: Mapping[str, Figure], withheld: Collection[str] = frozenset()
) -> tuple[Sentence, ...]:
    """Those sentences of which every figure has a value and none is withheld (by identifier) from publication."""
    found = []
    for template in templates:
        used = [figures.get(match["name"]) for match in PLACEHOLDER.finditer(template)]
        known = [figure for figure in used if figure and figure.value is not None and figure.id not in withheld]
        if len(known) == len(used):
            found.append(fill(template, figures))
    return tuple(found)


def fill(template: str, figures: Mapping[str, Figure]) -> Sentence:
    """One sentence.

    Raises:
        KeyError: the template names a figure that there is not.
        ValueError: a figure has no value.
    """

    def number(match: re.Match[str]) -> str:
        figure = figures[match["name"]]
        noun = match["one"] if is_one(figure) else match["many"]
        return f"{written(figure)} {noun}" if noun else written(figure)

    used = tuple(figures[match["name"]].id for match in PLACEHOLDER.finditer(template))
    return Sentence(PLACEHOLDER.sub(number, template), used)
