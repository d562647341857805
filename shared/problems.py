"""Problem details (RFC 9457) for every 4xx and 5xx answer, in Italian or English.

A field is named by a JSON pointer (RFC 6901) into the request body; what was wrong outside the body is named the same
way below `/query`, `/path`, `/header` or `/cookie`.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn, cast
from uuid import UUID, uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from shared.problem_texts import OTHER_RULE, OTHER_STATUS, RULES, STATUS_TEXTS, Language, Text

__all__ = [
    "MAX_FIELD_ERRORS",
    "FieldError",
    "Language",
    "Problem",
    "Text",
    "field_errors",
    "install",
    "invalid",
    "json_body",
    "language_of",
    "of_status",
    "preferred_language",
    "read_body",
    "respond",
    "shown",
    "strict_json",
]

MAX_FIELD_ERRORS = 100
MAX_SHOWN_CHARACTERS = 60

_SEND_JSON = Text("Inviare JSON in UTF-8 (application/json).", "Send JSON in UTF-8 (application/json).")

_log = structlog.get_logger(__name__)
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SECRET = re.compile(r"passw|secret|token|api[-_]?key|authorization|cookie|signature|credential|private", re.IGNORECASE)
_RANGE = re.compile(r"(?P<range>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:;q=(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field and how to mend it; `value` is None where there is none to show."""

    field: str
    value: str | None
    rule: Text
    remedy: Text

    def document(self, language: Language) -> dict[str, str]:
        return {
            "field": self.field,
            **({} if self.value is None else {"value": self.value}),
            "rule": self.rule.read_in(language),
            "remedy": self.remedy.read_in(language),
        }


class Problem(Exception):
    """A refusal with a stable `code`; raised anywhere below an HTTP handler, rendered by `install`."""

    def __init__(
        self,
        status: int,
        code: str,
        title: Text,
        detail: Text,
        errors: Sequence[FieldError] = (),
        *,
        instance: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if not _CODE.fullmatch(code):
            raise ValueError(f"problem code {code!r} is not kebab-case")
        super().__init__(f"{status} {code}: {detail.en}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.instance = instance
        self.headers = dict(headers or {})

    def document(self, language: Language) -> dict[str, object]:
        """The RFC 9457 members; `instance` and `errors` only where they say something."""
        members: dict[str, object] = {
            "type": f"urn:pianovivo:problem:{self.code}",
            "title": self.title.read_in(language),
            "status": self.status,
            "detail": self.detail.read_in(language),
        }
        if self.instance is not None:
            members["instance"] = self.instance
        if self.errors:
            members["errors"] = [error.document(language) for error in self.errors]
        return members


ProblemPage = Callable[[Request, Problem], Response]
"""Writes a problem as a page, with its status and headers."""


def preferred_language(accept_language: str | None) -> Language:
    """The language of an answer under RFC 9110, section 12.5.4; Italian wins ties and is the default."""
    weights: dict[str, float] = {}
    for part in (accept_language or "").lower().split(","):
        if match := _RANGE.fullmatch("".join(part.split())):
            primary = match["range"].partition("-")[0]
            weights[primary] = max(weights.get(primary, 0.0), float(match["q"] or 1))
    anything = weights.get("*", 0.0)
    return "en" if weights.get("en", anything) > weights.get("it", anything) else "it"


def language_of(request: Request) -> Language:
    """The language that `request` asks for."""
    return preferred_language(",".join(request.headers.getlist("accept-language")))


def respond(request: Request, problem: Problem) -> Response:
    """The answer to `request`, in the language it asks for: a page for a browser, where there are pages."""
    page = cast(ProblemPage | None, getattr(request.app.state, "problem_page", None))
    if page is not None and problem.status >= 400 and is_from_browser(request):
        return page(request, problem)
    language = language_of(request)
    # A lone surrogate is legal in a JSON string but not in UTF-8; it must not turn a 422 into a 500.
    body = json.dumps(problem.document(language), ensure_ascii=False).encode("utf-8", errors="replace")
    headers = {**problem.headers, "Content-Language": language, "Vary": "Accept-Language"}
    return Response(body, problem.status, headers, media_type="application/problem+json")


def is_from_browser(request: Request) -> bool:
    """Whether whoever asks names HTML as what it reads, and JSON not at all."""
    accept = ",".join(request.headers.getlist("accept")).lower()
    return "text/html" in accept and "json" not in accept


def install(app: FastAPI, page: ProblemPage | None = None) -> None:
    """Make every error answer of `app` a problem document, and `page` for browsers."""
    app.state.problem_page = page
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, on_failure)


async def _on_problem(request: Request, error: Exception) -> Response:
    return respond(request, cast(Problem, error))


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    return respond(request, _invalid_request(cast(RequestValidationError, error)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    if refusal.status_code < 400:
        return Response(status_code=refusal.status_code, headers=refusal.headers)
    return respond(request, of_status(refusal.status_code, headers=refusal.headers))


async def on_failure(request: Request, error: Exception) -> Response:
    instance = f"urn:uuid:{uuid4()}"
    _log.error("request-failed", instance=instance, method=request.method, path=request.url.path, exc_info=error)
    return respond(request, of_status(500, instance=instance))


def of_status(
    status: int,
    detail: Text | None = None,
    *,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """The problem an HTTP status stands for, with the usual texts."""
    usual = STATUS_TEXTS.get(status, OTHER_STATUS)
    return Problem(status, usual.code, usual.title, detail or usual.detail, instance=instance, headers=headers)


def _invalid_request(error: RequestValidationError) -> Problem:
    faults = cast(Sequence[ErrorDetails], error.errors())
    match error.body, faults[0]:
        case str(text), {"type": "json_invalid", "loc": (_, int(position)), "ctx": {"error": reason}}:
            return _malformed(str(reason), text, position)
        case bytes(), {"loc": ("body",)}:
            # FastAPI hands on the raw bytes of a body whose content type is not JSON.
            return of_status(415, _SEND_JSON)
    errors = tuple(_request_field_error(fault, error.body) for fault in faults[:MAX_FIELD_ERRORS])
    return invalid(errors, len(faults))


def _request_field_error(fault: ErrorDetails, body: object) -> FieldError:
    where, *steps = fault["loc"]
    if where == "body":
        return _field_error(fault, _pointer(fault, steps, body))
    return _field_error(fault, "".join(f"/{_escaped(step)}" for step in fault["loc"]))


def invalid(errors: Sequence[FieldError], error_count: int | None = None) -> Problem:
    """422 for a request that is well formed but whose fields break a rule."""
    count = len(errors) if error_count is None else error_count
    detail = Text("Errori trovati: {count}; elencati: {listed}.", "Errors found: {count}; listed: {listed}.")
    usual = STATUS_TEXTS[422]
    return Problem(422, usual.code, usual.title, detail.filled(count=count, listed=len(errors)), errors)


def field_errors(error: ValidationError, document: object, prefix: str = "") -> tuple[FieldError, ...]:
    """The first `MAX_FIELD_ERRORS` errors of one validated `document`, which lies at pointer `prefix` of the body."""
    faults = error.errors(include_url=False)[:MAX_FIELD_ERRORS]
    return tuple(_field_error(fault, prefix + _pointer(fault, fault["loc"], document)) for fault in faults)


def _field_error(fault: ErrorDetails, field: str) -> FieldError:
    rule, remedy = RULES.get(fault["type"], OTHER_RULE)
    said: dict[str, Any] = {**fault.get("ctx", {}), "message": fault["msg"]}
    it = {**said, "expected": str(said.get("expected", "")).replace(" or ", " o ")}
    # The name of an unknown field is the error; its value may be anything, a misplaced secret too.
    is_without_value = fault["type"] in ("missing", "extra_forbidden")
    return FieldError(
        field,
        None if is_without_value else shown(field, fault["input"]),
        Text(rule.it.format(**it), rule.en.format(**said)),
        Text(remedy.it.format(**it), remedy.en.format(**said)),
    )


def shown(field: str, value: object) -> str:
    """`value` as an error message may repeat it: one short piece, never a secret, never the inside of a structure."""
    match value:
        case _ if _SECRET.search(field):
            return "***"
        case None | bool() | int() | float():
            text = json.dumps(value)
        case Enum():
            text = str(value.value)
        case str() | Decimal() | date() | time() | timedelta() | UUID():
            text = str(value)
        case Mapping():
            return "{…}"
        case list() | tuple():
            return "[…]"
        case _:
            return "…"
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 1] + "…"


def _pointer(fault: ErrorDetails, location: Sequence[int | str], document: object) -> str:
    """Where `location` leads in `document`, without the names of union branches that Pydantic mixes in."""
    pointer = ""
    for step in location:
        match document:
            case Mapping() if step in document:
                document = document[step]
            case list() if isinstance(step, int) and step < len(document):
                document = document[step]
            case _:
                continue
        pointer += f"/{_escaped(step)}"
    # Only what is missing is named without being there.
    return f"{pointer}/{_escaped(location[-1])}" if location and fault["type"] == "missing" else pointer


def _escaped(step: int | str) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


async def json_body(request: Request, max_bytes: int) -> object:
    """The request's JSON body, read strictly.

    Raises `Problem`: 415 for another content type, 413 beyond `max_bytes`, 400 for what is not one unambiguous JSON
    text in UTF-8 (a key given twice, NaN, infinity and overflowing numbers included).
    """
    content_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    media_type, charset = content_type.strip(), parameters.replace(" ", "").replace('"', "")
    is_json = media_type == "application/json" or re.fullmatch(r"application/[\w.-]+\+json", media_type)
    if not is_json or (charset.startswith("charset=") and charset != "charset=utf-8"):
        raise of_status(415, _SEND_JSON)
    return strict_json(await read_body(request, max_bytes))


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The raw body; stops reading, with 413, at the first byte beyond `max_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            limit = Text("Il limite è di {limit} byte.", "The limit is {limit} bytes.")
            raise of_status(413, limit.filled(limit=max_bytes))
    return bytes(body)


def strict_json(raw: bytes) -> object:
    """The value of one JSON text; raises `Problem` 400 as `json_body` does."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = Text("Il byte {start} non è UTF-8.", "Byte {start} is not UTF-8.").filled(start=error.start)
        raise _bad_json("json-invalid", reason) from None
    try:
        return json.loads(
            text, object_pairs_hook=_without_repeats, parse_constant=_refuse_number, parse_float=_finite_number
        )
    except json.JSONDecodeError as error:
        raise _malformed(error.msg, text, error.pos) from None
    except RecursionError:
        raise _bad_json("json-invalid", Text("Troppi livelli annidati.", "Nested too deeply.")) from None
    except ValueError:
        # The interpreter refuses integers of more than 4,300 digits: converting them takes quadratic time.
        reason = Text("Un numero intero ha troppe cifre.", "An integer has too many digits.")
        raise _bad_json("json-invalid", reason) from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        repeated, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        reason = Text("La chiave «{key}» compare più volte nello stesso oggetto.", "Key '{key}' is given twice.")
        raise _bad_json("json-duplicate-key", reason.filled(key=shown("", repeated)))
    return members


def _finite_number(literal: str) -> float:
    number = float(literal)
    return number if math.isfinite(number) else _refuse_number(literal)


def _refuse_number(literal: str) -> NoReturn:
    reason = Text("«{literal}» non è un numero ammesso.", "'{literal}' is not an accepted number.")
    raise _bad_json("json-invalid", reason.filled(literal=shown("", literal)))


def _malformed(reason: str, text: str, position: int) -> Problem:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    where = Text("Riga {line}, colonna {column}: {reason}.", "Line {line}, column {column}: {reason}.")
    return _bad_json("json-invalid", where.filled(line=line, column=column, reason=reason))


def _bad_json(code: str, detail: Text) -> Problem:
    return Problem(400, code, Text("JSON non valido", "Invalid JSON"), detail)
