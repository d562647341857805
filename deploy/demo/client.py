"""What the demo asks the services, as their users would: over HTTP, with a token of the organisation that speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from shared.auth import Role

AMBITO = "cremonese"


class Refused(RuntimeError):
    """A service answered with a problem; the message has the whole answer."""


class Client:
    """One connection pool to the four services; `token` signs for an organisation."""

    def __init__(self, urls: Mapping[str, str], token: Callable[[str, Role], str]) -> None:
        self._urls, self._token = urls, token
        self._tokens: dict[tuple[str, Role], str] = {}
        self._http = httpx.AsyncClient(timeout=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(
        self,
        method: str,
        service: str,
        path: str,
        organisation: str,
        *,
        json: Any = None,
        key: str | None = None,
        role: Role | None = None,
    ) -> Any:
        """The JSON answer, without `role` to the organisation's usual one; raises `Refused` for any problem."""
        headers = {"Authorization": f"Bearer {self._bearer(organisation, role or usual_role(organisation))}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = await self._http.request(method, self._urls[service] + path, json=json, headers=headers)
        if answer.is_error:
            raise Refused(f"{method} {path} as {organisation}: {answer.status_code} {answer.text}")
        return answer.json()

    async def applied(self, service: str) -> int:
        """How many events the service has applied, from its metrics."""
        wanted = f'pianovivo_events_total{{consumer="{service}",outcome="applied"}}'
        text = (await self._http.get(self._urls[service] + "/metrics")).text
        return next((int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines() if line.startswith(wanted)), 0)

    async def plan(self, municipality: str | None = None) -> Any:
        """As the lead municipality sees it: with every case's actions."""
        part = f"/municipalities/{municipality}" if municipality else ""
        return await self.ask("GET", "planner", f"/plans/{AMBITO}{part}", "comune-019036", role=Role.LEAD)

    def _bearer(self, organisation: str, role: Role) -> str:
        if (organisation, role) not in self._tokens:
            self._tokens[organisation, role] = self._token(organisation, role)
        return self._tokens[organisation, role]


def usual_role(organisation: str) -> Role:
    return Role.MUNICIPALITY if organisation.startswith("comune-") else Role.OWNER
