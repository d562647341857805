"""The intake over HTTP: owners' reports, yearly declarations and emergency cases come in here."""

from fastapi import APIRouter

from services.intake.api import emergency_cases, submissions, unit_reports
from services.intake.api.openapi import complete_openapi

__all__ = ["complete_openapi", "router"]

router = APIRouter()
for _part in (unit_reports, submissions, emergency_cases):
    router.include_router(_part.router)
