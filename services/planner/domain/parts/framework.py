"""Parts 1 and 2: quadro conoscitivo, quadro ricognitivo e programmatorio."""

from __future__ import annotations

from services.planner.domain.declared_years import latest_told
from services.planner.domain.narrative.figures import Figure
from services.planner.domain.narrative.sentences import Sentence
from services.planner.domain.parts.material import Item, Material, PlanPart, scope_of
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.mentions import Topic, Voices, mentions_of
from services.planner.domain.survey.people import Profile
from services.planner.domain.survey.sentences import survey_sentences

AGES = frozenset(
    {
        *("age_0_14", "age_15_64", "age_65_plus", "age_75_plus"),
        *("old_age_index", "dependency_index", "share_75_plus"),
    }
)
"""What part 2 tells of the people; the rest of the survey is part 1."""


def framework_part(material: Material, municipality: str | None) -> PlanPart:
    """Quadro conoscitivo: residents, their trend, density, households."""
    told, figures = _told(material, municipality)
    return PlanPart(
        1,
        "Quadro conoscitivo",
        tuple(sentence for sentence in told if not _is_of_ages(sentence)),
        tuple(figure for figure in figures if figure.name not in AGES),
    )


def survey_part(material: Material, municipality: str | None) -> PlanPart:
    """Quadro ricognitivo e programmatorio: ages, services and criticalities as they were declared."""
    told, figures = _told(material, municipality)
    voices = [
        Voices(place, owner, declared.services or (), declared.criticalities or ())
        for (place, owner), declared in latest_told(material.state).items()
        if municipality in (None, place)
    ]
    items = tuple(
        Item(
            "service" if mention.topic is Topic.SERVICE else "criticality",
            mention.text,
            mention.municipality,
            mention.source,
        )
        for mention in mentions_of(voices)
    )
    return PlanPart(
        2,
        "Quadro ricognitivo e programmatorio",
        tuple(sentence for sentence in told if _is_of_ages(sentence)),
        tuple(figure for figure in figures if figure.name in AGES),
        items,
    )


def _told(material: Material, municipality: str | None) -> tuple[tuple[Sentence, ...], tuple[Figure, ...]]:
    """Sentences and figures of the survey; none of a territory that is not installed."""
    profile = _profile(material, municipality)
    if profile is None:
        return (), ()
    scope = scope_of(municipality)
    told = survey_sentences(scope, material.place_it(municipality), profile, ASSUMED)
    return told, survey_figures(scope, profile, ASSUMED)


def _profile(material: Material, municipality: str | None) -> Profile | None:
    if material.survey is None:
        return None
    return material.survey.ambito if municipality is None else material.survey.municipalities.get(municipality)


def _is_of_ages(sentence: Sentence) -> bool:
    return any(figure.rpartition("/")[2] in AGES for figure in sentence.figures)
