"""The edge: who sends, when and under which key; strict reading of bodies; one effect for each idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.domain.faults import Fault
from services.intake.store import Answer
from shared.auth import Principal, Role, current_principal, require
from shared.db import Database
from shared.events import SOURCE, Envelope, Event, Message, Value, derived
from shared.problem_texts import RULES, Language
from shared.problems import FieldError, Problem, Text, field_errors, invalid, of_status, preferred_language

ROME = ZoneInfo("Europe/Rome")
MAX_BYTES = 1024 * 1024
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

V = TypeVar("V", bound=Value)
Who = Annotated[Principal, Depends(current_principal)]


class Shape(BaseModel):
    """Part of an answer or of a request that is no event."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that changes something: from whom, when, under which key. The clock is read here and nowhere else."""

    who: Principal
    at: datetime
    action: str
    language: Language
    key: str | None
    traceparent: str | None

    @property
    def on(self) -> date:
        """The day in Rome."""
        return self.at.astimezone(ROME).date()

    def new_id(self, part: str = "") -> UUID:
        """Drawn, or bound to the idempotency key: whoever repeats a request elsewhere gets the same identifiers."""
        if self.key is None:
            return uuid4()
        return derived(f"{self.who.organisation}/{self.action}/{self.key}/{part}")

    def message(self, event: Event, subject: str, message_id: UUID) -> Message:
        envelope = Envelope(
            id=message_id,
            source=SOURCE + "intake",
            time=self.at,
            subject=subject,
            ambito=self.who.ambito,
            correlation_id=message_id,
            organisation=self.who.organisation,
            traceparent=self.traceparent,
        )
        return Message(envelope, event)

    def fingerprint(self, document: object) -> str:
        """SHA-256 of what is asked; the order of keys and white space do not make another request."""
        asked = [self.who.ambito, self.action, document]
        return hashlib.sha256(_json(asked).encode()).hexdigest()


def _json(document: object) -> str:
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # the parser, called from a shallower place, may just have managed
        raise of_status(400, Text("Troppi livelli annidati.", "Nested too deeply.")) from None


def language_of(request: Request) -> Language:
    return preferred_language(",".join(request.headers.getlist("accept-language")))


def arrival(
    request: Request,
    who: Annotated[Principal, Depends(require(Role.OWNER, Role.MUNICIPALITY, Role.LEAD))],
    key: Annotated[str | None, Header(alias="Idempotency-Key", pattern="^[!-~]{1,255}$", max_length=255)] = None,
) -> Arrival:
    traceparent = request.headers.get("traceparent", "")
    return Arrival(
        who=who,
        at=datetime.now(UTC),
        action=f"{request.method} {request.url.path}",
        language=language_of(request),
        key=key,
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
    )


Arrived = Annotated[Arrival, Depends(arrival)]


def answer(status: int, content: BaseModel, **headers: str) -> Answer:
    """`content` as JSON; `header_name` becomes `header-name`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, content.model_dump_json(by_alias=True).encode(), named)


async def once(
    db: Database, arrival: Arrival, document: object, act: Callable[[AsyncSession], Awaitable[Answer]]
) -> Response:
    """Let `act` do its work in one transaction; under an `Idempotency-Key` it does it once, however often it is asked.

    Whatever refuses the request takes the claim of the key back with it, so that a mended request may use it.
    """
    async with db.transaction() as session:
        if arrival.key is None:
            return _response(await act(session))
        organisation, fingerprint = arrival.who.organisation, arrival.fingerprint(document)
        claim = await store.claim_key(session, organisation, arrival.key, fingerprint, arrival.at)
        if claim.fingerprint != fingerprint:
            raise _key_reused(arrival.key)
        if claim.answer is not None:
            return _response(claim.answer, {"Idempotent-Replayed": "true"})
        done = await act(session)
        await store.keep_answer(session, organisation, arrival.key, done)
        return _response(done)


def _response(answer: Answer, more: Mapping[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, **(more or {})}, media_type="application/json")


def _key_reused(key: str) -> Problem:
    rule = Text("Con questa chiave è già arrivata un'altra richiesta.", "Another request came under this key.")
    remedy = Text(
        "Usare una chiave nuova per ogni richiesta; la stessa solo per ripeterla identica.",
        "Use a new key for each request, the same one only to repeat it unchanged.",
    )
    error = FieldError("/header/Idempotency-Key", key, rule, remedy)
    return Problem(
        422, "idempotency-key-reused", Text("Chiave già usata", "Idempotency key reused"), rule, errors=[error]
    )


def read_value(cls: type[V], document: object, *, known: Mapping[str, Any] | None = None, prefix: str = "") -> V:
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


def refuse(faults: Iterable[Fault], prefix: str = "") -> None:
    """Raise `Problem` 422 if there are faults."""
    errors = [
        FieldError(prefix + f.field, f.value, Text(f"{f.code}: {f.rule.it}", f"{f.code}: {f.rule.en}"), f.remedy)
        for f in faults
    ]
    if errors:
        raise invalid(errors)


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
