"""The HTTP side that every service has: health, metrics, problem details, sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp

from shared import openapi, problems
from shared.auth import Authenticator, KeySource
from shared.db import Database, is_transient
from shared.openapi import PROBLEM_JSON, SCHEMAS, Api
from shared.pages import SecurityHeaders, mount_static, problem_page
from shared.people import People
from shared.people import pages as sign_in_pages
from shared.problems import Problem, Text
from shared.rate_limits import RateLimitHeaders, RateLimits, limited
from shared.roles import operations_of
from shared.runtime import Runtime
from shared.settings import Settings
from shared.sign_in import authorised

if TYPE_CHECKING:
    from shared.people.provider import Provider

VERSION = "0.1.0"
OPEN_PATHS: Final = frozenset({"/openapi.json", "/static"})
"""The description of the API, and the files of all pages: not routes of ours, and for everyone."""


class Service(FastAPI):
    """An application whose headers are on every answer: also on that to a failure, made outside of all middleware."""

    def build_middleware_stack(self) -> ASGIApp:
        return SecurityHeaders(RateLimitHeaders(super().build_middleware_stack()))


def create(api: Api, runtime: Runtime, routers: Sequence[APIRouter], home: str | None = None) -> FastAPI:
    """The application of a service: its routers, health and metrics, and its runtime as lifespan.

    `home` is where its pages begin; a service without pages tells browsers too about problems in JSON.
    """
    settings = runtime.settings
    people = People(settings) if home else None
    if people is not None:
        runtime.closing.append(people.close)
    app = Service(
        **api.info(settings),
        version=VERSION,
        lifespan=runtime.lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    app.state.authenticator = Authenticator(
        KeySource(settings.jwks or settings.home / "keys" / "jwks.json"),
        audience=settings.token_audience,
        issuer=settings.token_issuer,
    )
    app.state.people, app.state.provider, app.state.home = people, provider_of(settings) if home else None, home
    app.state.rate_limits = RateLimits(settings.rate_limit_organisation, settings.rate_limit_address)
    problems.install(app, problem_page(home, settings.ambito) if home else None)
    for kind in (DBAPIError, OSError, asyncpg.PostgresError):
        app.add_exception_handler(kind, _on_database_error)
    mount_static(app)
    for router in (*routers, *([sign_in_pages.router] if home else [])):
        app.include_router(router, dependencies=[Depends(limited), Depends(authorised)])
    app.include_router(health, dependencies=[Depends(authorised)])
    check_operations(app, runtime.name)
    openapi.complete(app, api, runtime.name, settings)
    return app


def provider_of(settings: Settings) -> Provider | None:
    if settings.oidc_issuer is None:
        return None
    from shared.people.provider import Provider  # which only an installation needs that has one

    return Provider(settings)


class UnknownOperation(RuntimeError):
    """A route does something that the table of roles does not know: nobody may, so nobody is asked."""


def check_operations(app: FastAPI, service: str) -> None:
    """Raises `UnknownOperation` unless the table of roles has what each route does, and the decision is asked for."""
    known = set(operations_of(service))
    for route in iter_route_contexts(app.routes):
        if route.path in OPEN_PATHS:
            continue
        operation = getattr(route, "operation_id", None)
        if operation not in known:
            raise UnknownOperation(f"{route.path}: {operation} is no operation of {service} in shared/roles")
        if authorised not in [dependency.call for dependency in route.dependant.dependencies]:
            raise UnknownOperation(f"{route.path} does not ask who may: include it by shared.web.create")


async def _on_database_error(request: Request, error: Exception) -> Response:
    """What waiting may mend is 503 and says so; everything else is a defect of ours."""
    if not is_transient(error):
        return await problems.on_failure(request, error)
    away = Text(
        "La base dati non risponde: nulla è andato perso, ripetere tra poco la stessa richiesta con la stessa chiave.",
        "The database does not answer: nothing is lost, repeat the same request with the same key in a moment.",
    )
    title = problems.of_status(503).title
    return problems.respond(request, Problem(503, "database-away", title, away, headers={"Retry-After": "5"}))


health = APIRouter(tags=["health"])


@health.get("/live", operation_id="service_live", include_in_schema=False)
async def live() -> dict[str, str]:
    return {"state": "live"}


@health.get("/ready", operation_id="service_ready", include_in_schema=False)
async def ready(request: Request) -> dict[str, Any]:
    runtime = runtime_of(request)
    if reason := await runtime.why_not_ready():
        raise _not_ready(runtime.name, reason)
    return {"state": "ready", "service": runtime.name, "lag": runtime.progress.lag, "relay": runtime.relay.active}


@health.get(
    "/status",
    operation_id="service_status",
    summary="Stato del servizio",
    description="Un documento RFC 9457 anche quando tutto va bene, come chiedono le linee guida; per chiunque.",
    response_class=Response,
    responses={
        200: {"description": "In servizio", "content": {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS + "Problem"}}}}
    },
)
async def status(request: Request) -> Response:
    runtime = runtime_of(request)
    if reason := await runtime.why_not_ready():
        raise _not_ready(runtime.name, reason)
    title = Text("Servizio attivo", "Service available")
    detail = Text(f"Il servizio {runtime.name} lavora.", f"Service {runtime.name} is at work.")
    return problems.respond(request, Problem(200, "available", title, detail))


def _not_ready(name: str, reason: Text) -> Problem:
    title = Text("Servizio non pronto", "Service not ready")
    detail = Text(f"Il servizio {name} non è pronto: {reason.it}.", f"Service {name} is not ready: {reason.en}.")
    return Problem(503, "not-ready", title, detail, headers={"Retry-After": "5"})


@health.get("/metrics", operation_id="service_metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def runtime_of(request: Request) -> Runtime:
    return cast(Runtime, request.app.state.runtime)


def database(request: Request) -> Database:
    """The service's own database."""
    return runtime_of(request).db


def settings_of(request: Request) -> Settings:
    return runtime_of(request).settings


Db = Annotated[Database, Depends(database)]
