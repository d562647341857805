"""What the generated OpenAPI document cannot know, alike in every service, as the Italian guidelines (ModI) ask.

Bodies that handlers read strictly, problem documents, rate limits, sign-in, who answers for the service, bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from shared import rate_limits
from shared.problems import of_status
from shared.settings import Settings
from shared.territory import ambito, members_of

Json = dict[str, Any]
SCHEMAS: Final = "#/components/schemas/"
PROBLEM_JSON: Final = "application/problem+json"
LICENCE_URL: Final = "https://eur-lex.europa.eu/legal-content/IT/TXT/?uri=CELEX:32017D0863"
"""The decision whose annex is the EUPL 1.2, in Italian."""
_METHODS: Final = ("get", "put", "post", "delete", "patch")
_SECURED: Final[list[dict[str, list[str]]]] = [{"token": []}]
_LIMITED: Final = (401, 403, 429, 503)
_BODY: Final = (400, 413, 415, 422)
_BOUNDED: Final = {"maxLength", "enum", "const"}
_DEFAULTS: Final[dict[str, Json]] = {
    "integer": {"format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
    "number": {"format": "double", "minimum": -1e15, "maximum": 1e15},
    "array": {"minItems": 0, "maxItems": 10_000},
}


@dataclass(frozen=True, slots=True)
class Api:
    """What a service says of its API; `schemas` are the components of the bodies that it reads strictly."""

    title: str
    summary: str
    tags: Mapping[str, str]
    schemas: Callable[[], dict[str, Json]] = dict

    def info(self, settings: Settings) -> Json:
        """Arguments of `FastAPI`."""
        return {
            "title": f"Piano Vivo — {self.title}",
            "summary": self.summary,
            "description": f"{self.summary}. Gli errori sono documenti RFC 9457, in italiano o in inglese.",
            "terms_of_service": settings.terms_url or LICENCE_URL,
            "contact": _contact(settings),
            "license_info": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "openapi_tags": [{"name": name, "description": text} for name, text in self.tags.items()],
        }


def _contact(settings: Settings) -> Json:
    """The lead municipality answers for its ambito's plan; how it is reached, only the installation knows."""
    code = settings.ambito
    name = f"Ambito {code}" if members_of(code) is None else f"Comune di {ambito(code).lead.name}, ente capofila"
    reached = {"url": settings.contact_url, "email": settings.contact_email}
    return {"name": name} | {how: where for how, where in reached.items() if where}


def components_of(*bodies: type[BaseModel]) -> dict[str, Json]:
    """The components of bodies that are read strictly, and of what is in them."""
    found: dict[str, Json] = {}
    for cls in bodies:
        schema = cls.model_json_schema(ref_template=SCHEMAS + "{model}")
        found |= {**schema.pop("$defs", {}), cls.__name__: schema}
    return found


def body(component: str, description: str, **examples: object) -> Json:
    """`openapi_extra` of an operation whose body is read by `shared.arrivals`."""
    shown = {name: {"value": value} for name, value in examples.items()}
    content = {"application/json": {"schema": {"$ref": SCHEMAS + component}, "examples": shown}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def problems(*statuses: int) -> dict[int | str, Json]:
    """Error answers of an operation beside those that every operation of its kind has."""
    return {status: {"description": of_status(status).title.it} for status in statuses}


def responses(answers: Mapping[int, tuple[type[BaseModel] | None, str]], *statuses: int) -> dict[int | str, Json]:
    """Answers of a handler that writes its response itself, and its error answers."""
    written: dict[int | str, Json] = {}
    for status, (model, description) in answers.items():
        written[status] = {"description": description} | ({"model": model} if model else {})
        if status in (201, 202, 303):
            location = {"description": "Dove si legge", "schema": {"type": "string", "maxLength": 100}}
            written[status]["headers"] = {"Location": location}
    return written | problems(*statuses)


def complete(app: FastAPI, api: Api, name: str, settings: Settings) -> None:
    """Make `app` describe itself wholly; the document is served at `/openapi.json`."""
    generate = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = generate()
            document["info"] |= {"x-summary": api.summary, "x-api-id": f"urn:pianovivo:api:{name}"}
            document["servers"] = [_server(name, settings)]
            document["security"] = _SECURED
            _complete_components(document["components"], api)
            refusals = {s for path, _, one in operations(document) for s in _complete_operation(path, one)}
            document["components"]["responses"] = {of_status(s).code: _problem_answer(s) for s in sorted(refusals)}
            _add_bounds(document)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation of everything that `document` describes."""
    for path, item in document["paths"].items():
        yield from ((path, method, item[method]) for method in _METHODS if method in item)


def _server(name: str, settings: Settings) -> Json:
    if settings.is_public and (public := settings.address_of(name)):
        return {"url": public, "description": "In esercizio"}
    address = f"http://{settings.host}:{getattr(settings, f'{name}_port')}"
    return {"url": address, "description": "Su questa macchina, per prove", "x-sandbox": True}


def _complete_components(components: Json, api: Api) -> None:
    schemas = {name: one for name, one in components["schemas"].items() if "ValidationError" not in name}
    components["schemas"] = schemas | api.schemas() | _PROBLEM
    components["headers"] = _HEADERS
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Token di accesso (RFC9068), trattato come chiede RFC8725: algoritmi asimmetrici ammessi "
            "uno per uno; exp, iat, aud, iss e typ controllati. L’organizzazione è quella del token.",
        }
    }


def _complete_operation(path: str, operation: Json) -> set[int]:
    """Completes its answers; gives the statuses of those that are problems."""
    answers: Json = operation["responses"]
    if path == "/status":  # tells its state to everybody, as often as it is asked
        operation["security"], statuses = [{}], {503}
    else:
        operation["security"], statuses = _SECURED, {*_LIMITED}
        statuses |= {*_BODY} if "requestBody" in operation else set()
        statuses |= {422} if "parameters" in operation else set()
        for status in [one for one in answers if one < "400"]:
            answers[status]["headers"] = answers[status].get("headers", {}) | _references(*rate_limits.HEADERS)
    statuses |= {int(status) for status in answers if status >= "400"}
    for one in sorted(statuses):
        answers[str(one)] = {"$ref": f"#/components/responses/{of_status(one).code}"}
    return statuses


def _problem_answer(status: int) -> Json:
    usual = of_status(status)
    headers = _references(*(() if status == 503 else rate_limits.HEADERS))
    if status in (429, 503):
        headers |= _references("Retry-After")
    content = {"schema": {"$ref": SCHEMAS + "Problem"}, "example": usual.document("it")}
    return {"description": usual.title.it, "headers": headers, "content": {PROBLEM_JSON: content}}


def _references(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _add_bounds(node: object) -> None:
    """Numbers and lists get the usual bounds, texts a length: those without one are identifiers and decimals."""
    if isinstance(node, dict):
        kind = node.get("type")
        if kind == "string" and not _BOUNDED & node.keys():
            node["maxLength"] = 64 if "pattern" in node else 36
        elif isinstance(kind, str):
            node |= _missing(kind, node)
        for value in node.values():
            _add_bounds(value)
    elif isinstance(node, list):
        for value in node:
            _add_bounds(value)


def _missing(kind: str, node: Json) -> Json:
    given = node.keys() | {
        "minimum" if "exclusiveMinimum" in node else "",
        "maximum" if "exclusiveMaximum" in node else "",
    }
    return {name: value for name, value in _DEFAULTS.get(kind, {}).items() if name not in given}


_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": 86_400}
_COUNT: Final = {"type": "integer", "minimum": 0}
_HEADERS: Final[dict[str, Json]] = {
    "X-RateLimit-Limit": {"description": "Richieste ammesse in un minuto", "schema": _COUNT},
    "X-RateLimit-Remaining": {"description": "Richieste che restano", "schema": _COUNT},
    "X-RateLimit-Reset": {"description": "Secondi fino al prossimo minuto di conto", "schema": _SECONDS},
    "Retry-After": {"description": "Secondi da attendere prima di ripetere", "schema": _SECONDS},
}
_TEXT: Final = {"type": "string", "maxLength": 4000}
_PROBLEM: Final[dict[str, Json]] = {
    "Problem": {
        "type": "object",
        "description": "Dettagli di un problema (RFC 9457), nella lingua chiesta.",
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "format": "uri", "maxLength": 200},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 200, "maximum": 599},
            "detail": _TEXT,
            "instance": {"type": "string", "format": "uri", "maxLength": 200},
            "errors": {"type": "array", "maxItems": 100, "items": {"$ref": SCHEMAS + "FieldError"}},
        },
    },
    "FieldError": {
        "type": "object",
        "description": "Che cosa non va in un campo (puntatore JSON), e come rimediare.",
        "required": ["field", "rule", "remedy"],
        "additionalProperties": False,
        "properties": {"field": _TEXT, "value": _TEXT, "rule": _TEXT, "remedy": _TEXT},
    },
}
