"""What the operands of formulas are called for readers; a figure of the plan goes by its label."""

from __future__ import annotations

import re
from typing import Final

from services.planner.domain.labels import EVERY_LABEL, size_it
from services.planner.domain.need.sentences import LABELS as COMPONENTS

_WORDS: Final = {
    "free": "Alloggi già liberi",
    "turnover": "Alloggi che si liberano pronti",
    "refurbishment": "Alloggi che si liberano e vanno sistemati",
    "renovation": "Lavori che si concludono",
    "new_build": "Alloggi nuovi",
    "disposal_withdrawn": "Usciti dal programma di alienazione",
    "exits_seen": "Uscite viste nel comune",
    "exits_seen_in_ambito": "Uscite viste in tutto l’ambito",
    "occupied_now": "Alloggi occupati oggi nel comune",
    "population": "Residenti",
    "area_km2": "Superficie, km²",
    "age_0_14": "Residenti fino a 14 anni",
    "age_15_64": "Residenti da 15 a 64 anni",
    "age_65_plus": "Residenti di 65 anni e più",
    "age_75_plus": "Residenti di 75 anni e più",
    "female": "Donne",
    "male": "Uomini",
    "density": "Residenti per km²",
    "old_age_index": "Indice di vecchiaia",
    "dependency_index": "Indice di dipendenza",
    "share_75_plus": "Quota di residenti di 75 anni e più",
    "households": "Famiglie (stima)",
    "households_low": "Famiglie (stima), minimo",
    "households_high": "Famiglie (stima), massimo",
    "average_household": "Componenti per famiglia, in media (ipotesi)",
    "small_household": "Componenti per famiglia, ipotesi bassa",
    "large_household": "Componenti per famiglia, ipotesi alta",
    "long_since": "Anno di confronto, lungo periodo",
    "long_change": "Variazione dei residenti, lungo periodo",
    "long_change_share": "Variazione dei residenti, lungo periodo, in percentuale",
    "recent_since": "Anno di confronto, periodo recente",
    "recent_change": "Variazione dei residenti, periodo recente",
    "recent_change_share": "Variazione dei residenti, periodo recente, in percentuale",
    "access_measures": "Misure dichiarate per l’accesso e la permanenza",
    "access_households": "Nuclei raggiunti dalle misure",
    "access_budget_eur": "Risorse delle misure, euro",
    "need_declared_count": "Comuni che hanno dichiarato dati sul fabbisogno",
    "municipality_count": "Comuni dell’ambito",
    "years_to_clear": "Anni per smaltire il fabbisogno arretrato",
    "supply": "Alloggi assegnabili nel triennio",
    "need": "Famiglie in fabbisogno",
    "law": "Quota di legge",
    "declared": "Dichiarato",
}


def name_it(name: str) -> str:
    """In Italian; a name that is not known stays as it is."""
    if name in EVERY_LABEL:
        return EVERY_LABEL[name].overall
    if of_year := re.fullmatch(r"population_(\d{4})", name):
        return f"Residenti nel {of_year[1]}"
    if of_class := re.fullmatch(r"size_class_(\d)", name):
        return f"Uscite da alloggi {size_it(int(of_class[1]))}"
    if of_size := re.fullmatch(r"need_3y_size_(\d)", name):
        return f"Fabbisogno del triennio, nuclei di {of_size[1]} componenti"
    if component := re.fullmatch(r"component_(.+)", name):
        return _component(component[1])
    return _WORDS.get(name, name.replace("_", " "))


def _component(name: str) -> str:
    label = next((label for component, label in COMPONENTS.items() if component.lower() == name), name)
    return label[0].upper() + label[1:]
