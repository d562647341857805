"""The intake over HTTP: owners' reports, yearly declarations and emergency cases come in here."""

from fastapi import APIRouter

from services.intake.api import corrections, duties, emergency_cases, submissions, unit_reports
from services.intake.api.bodies import schemas
from shared.openapi import Api

__all__ = ["API", "router"]

API = Api(
    "raccolta",
    "Segnalazioni sugli alloggi, dichiarazioni annuali e casi di emergenza abitativa di un ambito",
    {
        "unit-reports": "Segnalazioni: che cosa è accaduto a un alloggio",
        "submissions": "Dichiarazioni dei Comuni e dei proprietari, annuali e per il piano triennale",
        "emergency-cases": "Casi di emergenza abitativa, senza dati personali",
        "health": "Stato del servizio",
    },
    schemas,
)
router = APIRouter()
# `/submissions/status` comes before `/submissions/{submission_id}`, which would take it for an identifier.
for _part in (unit_reports, duties, corrections, submissions, emergency_cases):
    router.include_router(_part.router)
