"""The short Italian text of parts 1 and 2, written from the figures alone."""

from __future__ import annotations

from services.planner.domain.narrative.figures import by_name
from services.planner.domain.narrative.sentences import Sentence, tell
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import AverageHousehold
from services.planner.domain.survey.people import Profile, Trend

RESIDENTS = "risiedono {population:persona|persone} (inizio del {population_year}), {density} per chilometro quadrato."
AGES = (
    "Ogni cento ragazzi fino a quattordici anni ci sono {old_age_index} persone di almeno sessantacinque anni; "
    "ogni cento persone in età attiva ce ne sono {dependency_index} più giovani o più anziane."
)
AGED = "La quota di residenti con almeno settantacinque anni è {share_75_plus}."
HOUSEHOLDS = (
    "Le famiglie sono stimate in {households} (tra {households_low} e {households_high}), "
    "ipotizzando in media {average_household} componenti per famiglia."
)


def survey_sentences(scope: str, place_it: str, profile: Profile, size: AverageHousehold) -> tuple[Sentence, ...]:
    """`place_it` begins the text: `Nel comune di Cremona`, `Nell'ambito`."""
    templates = (f"{place_it} {RESIDENTS}", trends(profile), AGES, AGED, HOUSEHOLDS)
    return tell(templates, by_name(survey_figures(scope, profile, size)))


def trends(profile: Profile) -> str:
    """What grew and what shrank has its own verb; the second follows from the first with `anche` or `ma`."""
    long, recent = direction(profile.long_trend), direction(profile.recent_trend)
    link = "anche dal" if long == recent else "ma dal"
    return (
        f"Dal {{long_since}} la popolazione è {long}{how_much('long', profile.long_trend)}; "
        f"{link} {{recent_since}} è {recent}{how_much('recent', profile.recent_trend)}."
    )


def direction(trend: Trend) -> str:
    if not trend.change:
        return "rimasta uguale"
    return "cresciuta" if trend.change > 0 else "diminuita"


def how_much(name: str, trend: Trend) -> str:
    return f": {{{name}_change:residente|residenti}} ({{{name}_change_share}})" if trend.change else ""
