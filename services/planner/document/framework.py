"""Parts 1 and 2 of the document: quadro conoscitivo, quadro ricognitivo e programmatorio."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from services.planner.document.cells import MUNICIPALITY, alphabetical, listing, of_part, paragraph, section
from services.planner.document.drawings import Bar, Point, bar_chart, line_chart, printed_map
from services.planner.document.model import Block, Cell, Column, ColumnKind, DocumentPart, Table
from services.planner.domain.narrative.figures import by_name
from services.planner.domain.parts import Material, PlanPart, part_of
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import Survey
from shared.events.plans import Measure
from shared.pages import MapLabels
from shared.territory import ATTRIBUTION, boundaries

SOURCE: Final = "Fonte: ISTAT, residenti al 1º gennaio (2011: censimento). Le famiglie sono una stima."
AGES: Final = {
    "age_0_14": "Fino a 14 anni",
    "age_15_64": "Da 15 a 64 anni",
    "age_65_plus": "65 anni e più",
    "age_75_plus": "di cui 75 anni e più",
}
RESIDENT_CLASSES: Final = (0, 1000, 2000, 5000, 10000)
RESIDENTS: Final = MapLabels(
    "residenti",
    "Residenti, comune per comune",
    "Carta dei comuni dell’ambito: più scuro il colore, più residenti.",
    "residente",
    "residenti",
    "dato non disponibile",
)
NUMBER, PERCENT, TENTHS = ColumnKind.NUMBER, ColumnKind.PERCENT, ColumnKind.THOUSANDTHS


def knowledge(material: Material) -> DocumentPart:
    """Residents, their trend, density and households; only titles where the territory is not installed."""
    part = part_of(1, material, None)
    survey = material.survey
    people = () if survey is None else _people(material, survey)
    return DocumentPart(
        "1",
        part.title_it,
        (section("", paragraph(part.sentences)), *([section("La popolazione", *people)] * bool(people))),
    )


def _people(material: Material, survey: Survey) -> tuple[Block, ...]:
    by_year = survey.ambito.people.by_year
    long, recent = survey.ambito.long_trend.since, survey.ambito.recent_trend.since
    columns = {
        "population": Column("Residenti", NUMBER),
        "long_change_share": Column(f"Variazione dal {long}", PERCENT),
        "recent_change_share": Column(f"Variazione dal {recent}", PERCENT),
        "density": Column("Residenti per km²", TENTHS),
        "households": Column("Famiglie (stima)", NUMBER),
    }
    residents = {code: found.people.population for code, found in survey.municipalities.items()}
    return (
        line_chart("Residenti nell’ambito", [Point(*point) for point in by_year], "residenti"),
        printed_map(boundaries(material.plan.ambito), residents, RESIDENT_CLASSES, RESIDENTS, ATTRIBUTION),
        _survey_table("Popolazione, comune per comune", columns, material.plan.names, survey),
    )


def recognition(material: Material) -> DocumentPart:
    """Ages, and services and criticalities as they were declared."""
    part = part_of(2, material, None)
    survey = material.survey
    ages = () if survey is None else _ages(material, survey)
    heard = [
        section(title, listing(said))
        for kind, title in (("service", "Servizi dichiarati"), ("criticality", "Criticità e potenzialità dichiarate"))
        if (said := _said(part, kind, material.plan.names))
    ]
    first = section("Caratteristiche della popolazione", paragraph(part.sentences), *ages)
    return DocumentPart("2", part.title_it, (first, *heard))


def _ages(material: Material, survey: Survey) -> tuple[Block, ...]:
    people = survey.ambito.people
    bars = [Bar(label, getattr(people, name)) for name, label in AGES.items()]
    columns = {name: Column(label, NUMBER) for name, label in AGES.items()} | {
        "old_age_index": Column("Indice di vecchiaia", TENTHS),
        "dependency_index": Column("Indice di dipendenza", TENTHS),
    }
    return (
        bar_chart("Residenti per età", bars, Measure.COUNT, "residenti"),
        _survey_table("Età, comune per comune", columns, material.plan.names, survey),
    )


def _survey_table(caption: str, columns: Mapping[str, Column], names: Mapping[str, str], survey: Survey) -> Table:
    def row(place: str, name: str) -> tuple[Cell, ...]:
        profile = survey.municipalities.get(place, survey.ambito)
        found = by_name(survey_figures(place, profile, ASSUMED))
        return (Cell(name), *(of_part(found.get(figure)) for figure in columns))

    rows = tuple(row(code, names[code]) for code in alphabetical(names) if code in survey.municipalities)
    return Table(caption, (MUNICIPALITY, *columns.values()), rows, row("ambito", "Ambito"), SOURCE)


def _said(part: PlanPart, kind: str, names: Mapping[str, str]) -> list[str]:
    """Each text once, with those who say it: `Trasporto pubblico (Cremona, Soresina)`."""
    voices: dict[str, set[str]] = defaultdict(set)
    for item in part.items:
        if item.kind == kind and item.municipality is not None:
            voices[item.text_it].add(names.get(item.municipality, item.municipality))
    return [f"{text} ({', '.join(sorted(places))})" for text, places in sorted(voices.items())]
