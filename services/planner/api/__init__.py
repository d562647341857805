"""The plan over HTTP."""

from fastapi import APIRouter

from services.planner.api import choices, document, drift, figures, holds, parts, plans, scores
from shared.openapi import Api

__all__ = ["API", "router"]

API = Api(
    "pianificazione",
    "Il piano triennale di un ambito, com'è ora, comune per comune, e le sue versioni",
    {
        "plans": "Piano triennale dell'offerta abitativa",
        "parts": "Le sette parti del piano",
        "document": "Il documento di piano",
        "figures": "I numeri del piano e il loro perché",
        "adopted": "Valori dichiarati, previsti e adottati",
        "holds": "Prenotazioni di alloggi per casi di emergenza",
        "health": "Stato del servizio",
    },
    lambda: drift.schemas() | choices.schemas() | holds.schemas(),
)
router = APIRouter()
for _part in (plans, parts, document, figures, drift, scores, choices, holds):
    router.include_router(_part.router)
