"""The plan over HTTP."""

from functools import partial

from fastapi import APIRouter

from services.planner.api import (
    checks,
    choices,
    comments,
    contests,
    document,
    drift,
    edition_steps,
    figures,
    holds,
    lifecycle,
    need,
    objectives,
    parts,
    plans,
    refusals,
    scores,
    texts,
    what_if,
)
from shared.openapi import Api, components_of

__all__ = ["API", "router"]

API = Api(
    "pianificazione",
    "Il piano triennale di un ambito, com’è ora, comune per comune, e le sue versioni",
    {
        "plans": "Piano triennale dell’offerta abitativa",
        "parts": "Le sette parti del piano",
        "document": "Il documento di piano",
        "editions": "Le edizioni del piano e il loro iter",
        "figures": "I numeri del piano e il loro perché",
        "adopted": "Valori dichiarati, previsti e adottati",
        "objectives": "Obiettivi del piano e loro risultati",
        "texts": "I testi del piano, sezione per sezione",
        "contests": "Numeri contestati e loro esito",
        "comments": "Commenti ai numeri e alle sezioni del piano",
        "holds": "Prenotazioni di alloggi per casi di emergenza",
        "health": "Stato del servizio",
    },
    partial(
        components_of,
        *(*what_if.BODIES, *lifecycle.BODIES, *edition_steps.BODIES, *choices.BODIES, *objectives.BODIES),
        *(*texts.BODIES, *contests.BODIES, *comments.BODIES, *holds.BODIES),
    ),
)
router = APIRouter()
for _part in (
    plans,
    parts,
    document,
    lifecycle,
    edition_steps,
    need,
    refusals,
    checks,
    figures,
    drift,
    what_if,
    scores,
    choices,
    objectives,
    texts,
    contests,
    comments,
    holds,
):
    router.include_router(_part.router)
