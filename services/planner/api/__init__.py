"""The plan over HTTP."""

from fastapi import APIRouter

from services.planner.api import (
    checks,
    choices,
    document,
    drift,
    figures,
    holds,
    lifecycle,
    need,
    objectives,
    parts,
    plans,
    refusals,
    scores,
    what_if,
)
from shared.openapi import Api

__all__ = ["API", "router"]

API = Api(
    "pianificazione",
    "Il piano triennale di un ambito, com'è ora, comune per comune, e le sue versioni",
    {
        "plans": "Piano triennale dell'offerta abitativa",
        "parts": "Le sette parti del piano",
        "document": "Il documento di piano",
        "editions": "Le edizioni del piano e il loro iter",
        "figures": "I numeri del piano e il loro perché",
        "adopted": "Valori dichiarati, previsti e adottati",
        "objectives": "Obiettivi del piano e loro risultati",
        "holds": "Prenotazioni di alloggi per casi di emergenza",
        "health": "Stato del servizio",
    },
    lambda: what_if.schemas() | lifecycle.schemas() | choices.schemas() | objectives.schemas() | holds.schemas(),
)
router = APIRouter()
for _part in (
    plans,
    parts,
    document,
    lifecycle,
    need,
    refusals,
    checks,
    figures,
    drift,
    what_if,
    scores,
    choices,
    objectives,
    holds,
):
    router.include_router(_part.router)
