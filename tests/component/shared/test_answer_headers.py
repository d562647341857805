"""What every answer of a service carries, also the answer to a request on which the service failed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from services.intake.app import create_http, create_runtime
from services.intake.settings import IntakeSettings
from shared.pages.security import HEADERS
from shared.rate_limits import HEADERS as RATE_LIMITS
from shared.rate_limits import limited

broken = APIRouter(dependencies=[Depends(limited)])


@broken.get("/broken")
async def break_down() -> None:
    raise RuntimeError("password=hunter2 at db.internal")


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    app = create_http(create_runtime(IntakeSettings(home=tmp_path)))
    app.include_router(broken)
    return app


@pytest.mark.parametrize(
    ("path", "status"), [("/live", 200), ("/nothing", 404), ("/unit-reports", 401), ("/broken", 500)]
)
async def test_every_answer_says_what_a_browser_may_do_with_it(app: FastAPI, path: str, status: int) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake.test") as client:
        answer = await client.get(path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert all(name in answer.headers for name in RATE_LIMITS) == (path in ("/unit-reports", "/broken"))
