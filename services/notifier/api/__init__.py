"""The notifier over HTTP: what an organisation wants to be told, what it was told, and how it was delivered."""

from functools import partial

from fastapi import APIRouter

from services.notifier.api import notices, subscriptions
from shared.openapi import Api, components_of

__all__ = ["API", "router"]

API = Api(
    "avvisi",
    "Iscrizioni agli avvisi sul piano, avvisi ricevuti e loro invii",
    {
        "subscriptions": "Iscrizioni: che cosa si vuole sapere, e dove",
        "notices": "Avvisi ricevuti, e i loro invii",
        "health": "Stato del servizio",
    },
    partial(components_of, subscriptions.NewSubscription),
)
router = APIRouter()
for _part in (subscriptions, notices):
    router.include_router(_part.router)
