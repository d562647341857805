"""Riferimenti ai numeri del piano nei testi: `{{supply.total.y1}}`, `{{alloggi_liberi_assegnabili: Cremona}}`.

Grammar: ``{{name.year: place, owner}}``. The name is a figure's code or its Italian label; the year `2026`, or `y1` to
`y3` of the triennium, may be left out, as may the place (a municipality by name or ISTAT code) and the owner. Capitals,
accents, and whether words are joined by dots, hyphens, underscores or blanks make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from services.planner.domain.labels import LABELS, label_it
from services.planner.domain.parts.material import scope_of
from services.planner.domain.plan import FigureKey

MARK: Final = re.compile(r"\{\{([^{}]*)\}\}")
"""A reference within a text."""
SURVEY_LABELS: Final = {
    "population": "Residenti",
    "population_year": "Anno a cui si riferiscono i residenti",
    "households": "Famiglie (stima)",
    "area_km2": "Superficie in km²",
    "density": "Residenti per km²",
    "age_0_14": "Residenti fino a 14 anni",
    "age_15_64": "Residenti da 15 a 64 anni",
    "age_65_plus": "Residenti di 65 anni e più",
    "age_75_plus": "Residenti di 75 anni e più",
    "share_75_plus": "Quota di residenti di 75 anni e più",
    "old_age_index": "Indice di vecchiaia",
    "dependency_index": "Indice di dipendenza",
    "long_since": "Anno del confronto lungo",
    "long_change_share": "Variazione dei residenti nel periodo lungo",
    "recent_since": "Anno del confronto recente",
    "recent_change_share": "Variazione dei residenti nel periodo recente",
}
"""Figures of the survey that texts may name; the plan's own are all of `LABELS`."""
SHORT_NAMES: Final = {
    "supply_total": "assignable_mean",
    "supply_low": "assignable_low",
    "supply_high": "assignable_high",
    "supply_turnover": "turnover_mean",
    "need_total": "need_3y",
    "assegnabili": "assignable_mean",
    "patrimonio": "stock_total",
    "fabbisogno": "need_3y",
    "fabbisogno_abitativo_primario": "need_3y",
    "copertura": "coverage",
}
"""Beside codes and labels: what an office says."""
_YEAR: Final = re.compile(r"(?P<name>.*?)[\W_]+(?P<year>y[1-9]|[12][0-9]{3})\s*", re.DOTALL | re.IGNORECASE)
_BESIDE: Final = re.compile(r" (?:nel|del) triennio\b|:.*| \(.*\)")
"""What a label says beside the figure's name."""
_SUGGESTED: Final = 3
LONGEST: Final = 200
"""Characters between the braces; none that names a figure has as many."""


class Reference(NamedTuple):
    """Riferimento a un numero del piano: which figure, of which year, place and owner; None is all of them."""

    figure: str
    year: int | None = None
    municipality: str | None = None
    owner: str | None = None

    @property
    def is_of_survey(self) -> bool:
        return self.figure in SURVEY_LABELS

    @property
    def key(self) -> FigureKey:
        """Of a figure of the plan."""
        return FigureKey(self.municipality, self.owner, self.figure, self.year)

    @property
    def id(self) -> str:
        """The figure's identifier: `-:-:assignable_mean:2026`, or `ambito/population` of the survey."""
        return f"{scope_of(self.municipality)}/{self.figure}" if self.is_of_survey else self.key.id

    def printed(self, names: Mapping[str, str]) -> str:
        """As an officer would type it: `{{alloggi_assegnabili.2026: Cremona, aler-bcm}}`."""
        place = names.get(self.municipality, self.municipality) if self.municipality else None
        scope = ", ".join(filter(None, (place, self.owner)))
        year = f".{self.year}" if self.year else ""
        return f"{{{{{_PRINTED[self.figure]}{year}{f': {scope}' if scope else ''}}}}}"

    def label(self, names: Mapping[str, str]) -> str:
        """`Alloggi assegnabili nel 2026, Cremona, aler-bcm`."""
        label = SURVEY_LABELS.get(self.figure) or label_it(self.figure, self.year)
        place = names.get(self.municipality, self.municipality) if self.municipality else None
        return ", ".join(filter(None, (label, place, self.owner)))


class NotAReference(ValueError):
    """Names no figure; `known` are names that could have been meant, each with how it is written."""

    def __init__(self, unknown: str, known: Mapping[str, str]) -> None:
        super().__init__(unknown)
        self.unknown, self._known = unknown, known

    @property
    def near(self) -> tuple[str, ...]:
        """Those that are written much alike; looked for when somebody asks, for that takes its time."""
        are_few = len(self._known) <= _SUGGESTED
        names = self._known if are_few else _near(folded(self.unknown), self._known)
        return tuple(dict.fromkeys(self._known[name] for name in names))


def read_reference(inner: str, first_year: int, names: Mapping[str, str]) -> Reference:
    """What stands between the braces; `names` are the ambito's municipalities by code.

    Raises:
        NotAReference: no figure or municipality is called so, or the triennium has no such year.
    """
    if len(inner) > LONGEST:
        raise NotAReference(f"{inner[:20]}…", {})
    asked, _, scope = inner.partition(":")
    whole = folded(asked)
    figure, year = _NAMES.get(whole), None
    if figure is None and (found := _YEAR.fullmatch(asked)):
        whole = folded(found["name"])
        figure, year = _NAMES.get(whole), _year(found["year"].lower(), first_year)
    if figure is None:
        raise NotAReference(asked.strip(), {name: _PRINTED[known] for name, known in _NAMES.items()})
    place, _, owner = (part.strip() for part in scope.partition(","))
    return Reference(figure, year, _municipality(place, names), owner.lower() or None)


def _year(text: str, first_year: int) -> int:
    year = first_year + int(text[1]) - 1 if text.startswith("y") else int(text)
    if year not in range(first_year, first_year + 3):
        raise NotAReference(text, {year: year for year in ("y1", "y2", "y3")})
    return year


def _municipality(place: str, names: Mapping[str, str]) -> str | None:
    if not place or place in names:
        return place or None
    codes = {folded(name): code for code, name in names.items()}
    code = codes.get(folded(place))
    if code is None:
        raise NotAReference(place, {name: names[code] for name, code in codes.items()})
    return code


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Those that are written much alike; else the shortest with a word that is."""
    every = list(known)
    if alike := get_close_matches(name, every, _SUGGESTED, 0.6):
        return alike
    by_word = [(word, one) for one in every for word in one.split("_")]
    every_word = sorted({word for word, _ in by_word})
    words = {near for word in name.split("_") for near in get_close_matches(word, every_word, 1, 0.75)}
    akin = sorted({one for word, one in by_word if word in words}, key=lambda one: (len(one), one))
    return akin[:_SUGGESTED]


def folded(text: str) -> str:
    """Without capitals and accents, words joined by underscores."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]+", "_", "".join(one for one in plain if not unicodedata.combining(one))).strip("_")


_LABELS: Final = SURVEY_LABELS | {name: label.overall for name, label in LABELS.items()}
_PRINTED: Final = {figure: folded(_BESIDE.sub("", text)) for figure, text in _LABELS.items()}
_NAMES: Final = (
    SHORT_NAMES
    | {folded(text): figure for figure, text in _LABELS.items()}
    | {printed: figure for figure, printed in _PRINTED.items()}
    | {folded(figure): figure for figure in _PRINTED}
)
"""Every name of every figure."""
