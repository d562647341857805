"""Territory of an ambito (*ambito territoriale*): its municipalities, their people, their boundaries.

Adding an ambito is adding data: a row in ``ambiti.csv``, ``<code>.csv`` and ``<code>.geojson``; the other bodies that
work on its plan stand in ``organisations.csv``. Sources and licences are in ``NOTICE``; whoever shows these data shows
``ATTRIBUTION`` too.
"""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import permutations
from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

ATTRIBUTION = "Confini comunali: openpolis (CC BY 4.0). Popolazione: ISTAT (CC BY 3.0)."

EARTH_RADIUS_METRES = 6_371_009

_ISTAT_CODE = re.compile(r"[0-9]{6}")
_POPULATION_YEARS = (2011, 2018, 2019, 2020, 2021, 2022, 2023)


class UnknownAmbitoError(LookupError):
    """No territory data are installed for the requested ambito."""


class UnknownMunicipalityError(LookupError):
    """The municipality does not belong to the ambito."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """*Comune*: residents on 1 January 2023 (ISTAT), age bands adding up to ``population``.

    ``population_history`` holds (year, residents) pairs, oldest first; 2011 is the census.
    ``registered_2024`` counts the national register of residents (ANPR) on 10 January 2024, which is another source.
    """

    istat_code: str
    name: str
    population: int
    female: int
    male: int
    age_0_14: int
    age_15_64: int
    age_65_plus: int
    age_75_plus: int
    area_km2: Decimal
    population_history: tuple[tuple[int, int], ...]
    registered_2024: int


@dataclass(frozen=True, slots=True)
class Ambito:
    """*Ambito territoriale* of the Piano di Zona; municipalities are in ISTAT code order."""

    code: str
    name: str
    lead_istat_code: str
    municipalities: tuple[Municipality, ...]

    def municipality(self, istat_code: str) -> Municipality:
        """The member with that ISTAT code.

        Raises:
            UnknownMunicipalityError: the code is not one of the ambito's.
        """
        for municipality in self.municipalities:
            if municipality.istat_code == istat_code:
                return municipality
        raise UnknownMunicipalityError(f"{istat_code!r} is not a municipality of the ambito {self.code!r}")

    @property
    def lead(self) -> Municipality:
        """*Comune capofila*: collects the data and writes the proposal."""
        return self.municipality(self.lead_istat_code)


@cache
def ambito(code: str) -> Ambito:
    """The ambito with that code, read once.

    Raises:
        UnknownAmbitoError: no data for the code; the message names the codes there are.
    """
    row = _known_ambiti().get(code)
    if row is None:
        raise UnknownAmbitoError(f"unknown ambito {code!r}; known: {', '.join(sorted(_known_ambiti()))}")
    members = sorted((_municipality(member) for member in _rows(f"{code}.csv")), key=lambda m: m.istat_code)
    return Ambito(code, row["name"], row["lead_istat_code"], tuple(members))


@cache
def members_of(code: str) -> frozenset[str] | None:
    """ISTAT codes of the ambito's municipalities; None for an ambito whose territory is not installed."""
    try:
        return frozenset(municipality.istat_code for municipality in ambito(code).municipalities)
    except UnknownAmbitoError:
        return None


@cache
def names_of(code: str) -> Mapping[str, str]:
    """Names of the ambito's municipalities by ISTAT code; empty for an ambito whose territory is not installed."""
    try:
        return {municipality.istat_code: municipality.name for municipality in ambito(code).municipalities}
    except UnknownAmbitoError:
        return {}


@cache
def metres_of(code: str) -> Mapping[tuple[str, str], int]:
    """Great-circle metres between the centres of each two municipalities of the ambito; empty if it is not installed.

    Haversine on the sphere of the earth's mean radius (IUGG), to the metre.
    """
    if members_of(code) is None:
        return {}
    centres = {
        row["istat_code"]: (radians(float(row["lat"])), radians(float(row["lon"]))) for row in _rows(f"{code}.csv")
    }
    return {(here, there): _metres(centres[here], centres[there]) for here, there in permutations(sorted(centres), 2)}


def _metres(here: tuple[float, float], there: tuple[float, float]) -> int:
    half = sin((here[0] - there[0]) / 2) ** 2 + cos(here[0]) * cos(there[0]) * sin((here[1] - there[1]) / 2) ** 2
    return round(2 * EARTH_RADIUS_METRES * asin(sqrt(half)))


@cache
def boundaries(code: str) -> Mapping[str, Any]:
    """Municipal boundaries as a GeoJSON FeatureCollection in WGS84 (shared between callers: read only).

    Raises:
        UnknownAmbitoError: no data for the code.
    """
    collection: Mapping[str, Any] = json.loads(_text(f"{ambito(code).code}.geojson"))
    return collection


def municipality_organisation(istat_code: str) -> str:
    """Organisation code of a municipality as an owner (*ente proprietario*): ``comune-019036``.

    Raises:
        ValueError: not six digits.
    """
    if not _ISTAT_CODE.fullmatch(istat_code):
        raise ValueError(f"an ISTAT municipality code has six digits, got {istat_code!r}")
    return f"comune-{istat_code}"


class OrganisationName(NamedTuple):
    """What a body that is no municipality is called, and what in a sentence or a table about homes."""

    name: str
    short: str


@cache
def other_organisations() -> Mapping[str, OrganisationName]:
    """Bodies that are no municipality, by organisation code; one that is not among them is known by its code."""
    return {row["code"]: OrganisationName(row["name"], row["short_name"]) for row in _rows("organisations.csv")}


def organisation_name(code: str, organisation: str) -> str:
    """``Comune di Cremona`` for ``comune-019036`` of the ambito, ``ALER Brescia-Cremona-Mantova`` for ``aler-bcm``."""
    if organisation in other_organisations():
        return other_organisations()[organisation].name
    name = names_of(code).get(organisation.removeprefix("comune-"))
    return f"Comune di {name}" if name else organisation


def ambito_name(code: str) -> str:
    """Its name, or its code where its territory is not installed."""
    return code if members_of(code) is None else ambito(code).name


@cache
def _known_ambiti() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for row in _rows("ambiti.csv")}


def _municipality(row: Mapping[str, str]) -> Municipality:
    return Municipality(
        istat_code=row["istat_code"],
        name=row["name"],
        population=int(row["pop_2023"]),
        female=int(row["female_2023"]),
        male=int(row["male_2023"]),
        age_0_14=int(row["age_0_14"]),
        age_15_64=int(row["age_15_64"]),
        age_65_plus=int(row["age_65_plus"]),
        age_75_plus=int(row["age_75_plus"]),
        area_km2=Decimal(row["area_km2"]),
        population_history=tuple((year, int(row[f"pop_{year}"])) for year in _POPULATION_YEARS),
        registered_2024=int(row["pop_anpr_2024_01_10"]),
    )


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
