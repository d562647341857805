"""The short Italian text of part 3, written from the figures alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from services.planner.domain.narrative.figures import Figure, by_name, is_one
from services.planner.domain.narrative.sentences import Sentence, tell
from services.planner.domain.need.assessment import TerritoryNeed
from services.planner.domain.need.declared import Component

LABELS: Final = MappingProxyType(
    {
        Component.ADMITTED_UNSATISFIED: "famiglie ammesse e non soddisfatte",
        Component.EVICTION_ORDERS: "provvedimenti di sfratto",
        Component.EVICTION_EXECUTIONS: "sfratti eseguiti",
        Component.HOMELESS_OR_TEMPORARY: "famiglie senza casa o in sistemazione provvisoria",
        Component.UNINHABITABLE_HOME: "famiglie in alloggio inagibile",
        Component.OVERCROWDED: "famiglie in sovraffollamento",
        Component.BARRIERS: "famiglie in alloggio con barriere",
        Component.NEWLY_ADMITTED: "famiglie ammesse ogni anno",
        Component.LEFT_WITHOUT_ASSIGNMENT: "famiglie che escono ogni anno senza assegnazione",
    }
)
NEED = (
    "il fabbisogno abitativo primario del triennio è stimato in {need_3y} famiglie "
    "(tra {need_3y_low} e {need_3y_high}): {need_backlog} oggi in condizione di bisogno, "
    "{need_arrivals} che si aggiungono e {need_departures} che escono senza assegnazione ogni anno."
)
YEARLY = "Smaltendo l’arretrato in {years_to_clear:anno|anni}, servono {need_yearly} alloggi l’anno."
COMPLETE = "{0} dichiarato i dati {{need_declared_count:comune|comuni}} su {{municipality_count}}."
COVERED = "Il rapporto tra l’offerta prevista e il fabbisogno è {coverage} (tra {coverage_low} e {coverage_high})."
COVERED_AT_LEAST = "Il rapporto tra l’offerta prevista e il fabbisogno è {coverage} (almeno {coverage_low})."
PRESSURE = (
    "L’indice di pressione abitativa è {pressure}, fatto cento l’ambito (tra {pressure_low} e {pressure_high}); "
    "in graduatoria il comune sta tra il posto {pressure_first_rank} e il posto {pressure_last_rank}."
)
PRESSURE_SURE = (
    "L’indice di pressione abitativa è {pressure}, fatto cento l’ambito (tra {pressure_low} e {pressure_high}); "
    "in graduatoria il comune è al posto {pressure_first_rank}."
)


def need_sentences(
    place_it: str,
    territory: TerritoryNeed,
    figures: Iterable[Figure],
    unknown: Iterable[Component] = (),
    withheld: Collection[str] = frozenset(),
    left_out: Iterable[Component] = (),
) -> tuple[Sentence, ...]:
    """`place_it` begins the text: `Nel comune di Cremona`, `Nell'ambito`.

    `figures` are the territory's, with those of coverage and pressure where there are any; a sentence of which a figure
    is missing or withheld is left out. `unknown` components were declared by nobody, those `left_out` do not count.
    """
    known = by_name(figures)
    templates = (
        f"{place_it} {NEED}",
        YEARLY,
        *evidence(territory, known, unknown, left_out),
        covered(known),
        pressed(known),
    )
    return tell(templates, known, withheld)


def evidence(
    territory: TerritoryNeed, known: Mapping[str, Figure], unknown: Iterable[Component], left_out: Iterable[Component]
) -> list[str]:
    """Who said so, what is estimated, what nobody knows and what was not to count."""
    estimated = [LABELS[use.component] for use in territory.uses if use.is_estimated]
    missing, excluded = [LABELS[component] for component in unknown], [LABELS[component] for component in left_out]
    found = []
    if "need_declared_count" in known:
        found.append(COMPLETE.format("Ha" if is_one(known["need_declared_count"]) else "Hanno"))
    elif not territory.is_declared:
        found.append("Il comune non ha dichiarato dati: ogni componente è stimata dagli altri comuni.")
    elif estimated:
        found.append(f"Sono stimate dagli altri comuni, perché non dichiarate, queste componenti: {listed(estimated)}.")
    if missing:
        found.append(
            f"Non sono conteggiate, perché nessun comune le ha dichiarate, queste componenti: {listed(missing)}."
        )
    if excluded:
        found.append(f"Non sono conteggiate, perché escluse da chi ha fatto il calcolo: {listed(excluded)}.")
    return found


def covered(known: Mapping[str, Figure]) -> str:
    """Without a sure need there is no upper end."""
    has_high = "coverage_high" in known and known["coverage_high"].value is not None
    return COVERED if has_high else COVERED_AT_LEAST


def pressed(known: Mapping[str, Figure]) -> str:
    ranks = {known[name].value for name in ("pressure_first_rank", "pressure_last_rank") if name in known}
    return PRESSURE_SURE if len(ranks) == 1 else PRESSURE


def listed(words: list[str]) -> str:
    """`a, b e c`."""
    return " e ".join(filter(None, (", ".join(words[:-1]), words[-1])))
