"""The plan over HTTP."""

from fastapi import APIRouter

from services.planner.api import plans
from shared.openapi import Api

__all__ = ["API", "router"]

API = Api(
    "pianificazione",
    "Il piano triennale di un ambito, com'è ora, comune per comune, e le sue versioni",
    {"plans": "Piano triennale dell'offerta abitativa", "health": "Stato del servizio"},
)
router = APIRouter()
for _part in (plans,):
    router.include_router(_part.router)
