"""The pages of the intake: what is due, each declaration with the form it is sent by, defaults, contested cells.

The web form is one more channel of `POST /submissions`: it makes the same `Declaration`, judged by the same rules.
"""

from fastapi import APIRouter, Depends

from services.intake.pages import declarations, rows
from shared.pages import speak

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[Depends(speak)])
for _part in (declarations, rows):
    router.include_router(_part.router)
