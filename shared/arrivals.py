"""Requests that change something: who asks what, when and under which key; one effect for each idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID, uuid4

from fastapi import Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal
from shared.civil_time import civil_day
from shared.db import Database
from shared.events import derived
from shared.idempotency import Answer, claim_key, keep_answer
from shared.problem_texts import RULES, Language, Text
from shared.problems import FieldError, Problem, field_errors, invalid, json_body, language_of, of_status
from shared.roles import Reach
from shared.sign_in import Granted, Who

MAX_BYTES: Final = 1024 * 1024
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

M = TypeVar("M", bound=BaseModel)
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,255}$",
        max_length=255,
        description="Ripetere la richiesta con la stessa chiave ripete la risposta, non l’effetto",
    ),
]


class Shape(BaseModel):
    """Part of an answer or of a request that is no event."""

    model_config = ConfigDict(extra="forbid")


class PageLinks(Shape):
    """Where a listing goes on."""

    next: str | None = Field(None, max_length=400)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that changes something. The clock is read here and nowhere else."""

    who: Principal
    reach: Reach
    at: datetime
    action: str
    language: Language
    key: str | None
    traceparent: str | None
    document: object

    @property
    def on(self) -> date:
        """The day in Rome."""
        return civil_day(self.at)

    def new_id(self, part: str = "") -> UUID:
        """Drawn, or bound to the idempotency key: whoever repeats a request elsewhere gets the same identifiers."""
        if self.key is None:
            return uuid4()
        return derived(f"{self.who.organisation}/{self.action}/{self.key}/{part}")

    def fingerprint(self) -> str:
        """SHA-256 of what is asked; the order of keys and white space do not make another request."""
        asked = [self.who.ambito, self.action, self.document]
        return hashlib.sha256(_json(asked).encode()).hexdigest()


def _json(document: object) -> str:
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # the parser, called from a shallower place, may just have managed
        raise of_status(400, Text("Troppi livelli annidati.", "Nested too deeply.")) from None


def arriving(max_bytes: int | None = MAX_BYTES) -> Callable[..., Awaitable[Arrival]]:
    """A FastAPI dependency: the request, with its JSON body unless `max_bytes` is None; raises what `json_body` raises.

    Whether who asks may ask at all has been decided before (`shared.sign_in.authorised`).
    """

    async def arrival(request: Request, who: Who, reach: Granted, key: Key = None) -> Arrival:
        traceparent = request.headers.get("traceparent", "")
        return Arrival(
            who=who,
            reach=reach,
            at=datetime.now(UTC),
            action=f"{request.method} {request.url.path}",
            language=language_of(request),
            key=key,
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
            document=None if max_bytes is None else await json_body(request, max_bytes),
        )

    return arrival


def answer(status: int, content: BaseModel, **headers: str) -> Answer:
    """`content` as JSON; `header_name` becomes `header-name`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, content.model_dump_json(by_alias=True).encode(), named)


async def once(db: Database, arrival: Arrival, act: Callable[[Arrival, AsyncSession], Awaitable[Answer]]) -> Response:
    """Let `act` do its work in one transaction; under an `Idempotency-Key` it does it once, however often it is asked.

    Whatever refuses the request takes the claim of the key back with it, so that a mended request may use it.
    """
    async with db.transaction() as session:
        if arrival.key is None:
            return _response(await act(arrival, session))
        organisation, fingerprint = arrival.who.organisation, arrival.fingerprint()
        claim = await claim_key(session, organisation, arrival.key, fingerprint, arrival.at)
        if claim.fingerprint != fingerprint:
            raise _key_reused(arrival.key)
        if claim.answer is not None:
            return _response(claim.answer, {"Idempotent-Replayed": "true"})
        done = await act(arrival, session)
        await keep_answer(session, organisation, arrival.key, done)
        return _response(done)


def _response(answer: Answer, more: Mapping[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, **(more or {})}, media_type="application/json")


def _key_reused(key: str) -> Problem:
    rule = Text("Con questa chiave è già arrivata un’altra richiesta.", "Another request came under this key.")
    remedy = Text(
        "Usare una chiave nuova per ogni richiesta; la stessa solo per ripeterla identica.",
        "Use a new key for each request, the same one only to repeat it unchanged.",
    )
    error = FieldError("/header/Idempotency-Key", key, rule, remedy)
    return Problem(
        422, "idempotency-key-reused", Text("Chiave già usata", "Idempotency key reused"), rule, errors=[error]
    )


def read_value(cls: type[M], document: object, *, known: Mapping[str, Any] | None = None, prefix: str = "") -> M:
    """`document` as `cls`, completed by what is `known` without it; raises `Problem` 422 naming every wrong field."""
    known = known or {}
    if isinstance(document, dict):
        extra = [FieldError(f"{prefix}/{name}", None, *RULES["extra_forbidden"]) for name in known if name in document]
        if extra:
            raise invalid(extra)
        document = {**document, **known}
    try:
        # Strict JSON reading takes dates and decimals from their text; a number's shortest text is its exact value.
        return cls.model_validate_json(_json(document))
    except ValidationError as error:
        raise invalid(field_errors(error, document, prefix), error.error_count()) from None


def not_found(path: str) -> Problem:
    """Says the same of what is not there and of what the organisation may not see."""
    return Problem(
        404,
        "not-found",
        Text("Risorsa inesistente", "Not found"),
        Text(
            f"{path} non esiste o non è visibile alla vostra organizzazione.",
            f"{path} does not exist or is not visible to your organisation.",
        ),
    )
