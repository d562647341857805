"""The plan over HTTP."""

from fastapi import APIRouter

from services.planner.api import drift, figures, holds, plans, scores
from shared.openapi import Api

__all__ = ["API", "router"]

API = Api(
    "pianificazione",
    "Il piano triennale di un ambito, com'è ora, comune per comune, e le sue versioni",
    {
        "plans": "Piano triennale dell'offerta abitativa",
        "figures": "I numeri del piano e il loro perché",
        "holds": "Prenotazioni di alloggi per casi di emergenza",
        "health": "Stato del servizio",
    },
    lambda: drift.schemas() | holds.schemas(),
)
router = APIRouter()
for _part in (plans, figures, drift, scores, holds):
    router.include_router(_part.router)
