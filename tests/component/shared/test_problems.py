"""Problem details through a real FastAPI application: status, language, field errors, strict JSON, and no leaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import Body, FastAPI, HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core._pydantic_core import list_all_errors
from structlog.testing import capture_logs

from shared.problem_texts import RULES
from shared.problems import (
    MAX_FIELD_ERRORS,
    FieldError,
    Problem,
    Text,
    field_errors,
    install,
    invalid,
    json_body,
    preferred_language,
    strict_json,
)


class ServiceType(StrEnum):
    SAP = "SAP"
    SAS = "SAS"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Unit(Strict):
    istat: Annotated[str, Field(pattern="^[0-9]{6}$")]
    note: Annotated[str, Field(max_length=10)] = ""
    service: ServiceType = ServiceType.SAP
    rooms: Annotated[int, Field(ge=1)] = 1
    share: Annotated[Decimal, Field(le=1, decimal_places=2)] = Decimal(0)
    since: date = date(2026, 1, 1)
    reported_at: AwareDatetime | None = None
    api_key: Annotated[str, Field(max_length=3)] = ""


class Vacated(Strict):
    kind: Literal["vacated"]
    on: date


class Sold(Strict):
    kind: Literal["sold"]
    to: str


class Bulk(Strict):
    units: list[Unit] = Field(default=[], max_length=200)
    events: list[Annotated[Vacated | Sold, Field(discriminator="kind")]] = []
    size: int | dict[str, int] = 0


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.post("/bulk")
    def receive_bulk(bulk: Bulk, limit: Annotated[int, Field(le=100)] = 1) -> int:
        return len(bulk.units) + limit

    @app.post("/strict")
    async def receive_strict(request: Request) -> Any:
        return await json_body(request, max_bytes=100)

    @app.post("/raw")
    def receive_raw(raw: Annotated[bytes, Body(media_type="application/octet-stream")], limit: int) -> int:
        return len(raw) + limit

    @app.get("/refused")
    def read_refused() -> None:
        error = FieldError("/units/0", "7", Text("Regola.", "Rule."), Text("Rimedio.", "Remedy."))
        title, detail = Text("Unità occupata", "Unit occupied"), Text("Non è libera.", "It is not free.")
        raise Problem(409, "unit-occupied", title, detail, [error], headers={"Retry-After": "5"})

    @app.get("/status/{status}")
    def read_status(status: int) -> None:
        raise HTTPException(status, detail="password=hunter2", headers={"Location": "/elsewhere"})

    @app.get("/broken")
    def read_broken() -> None:
        raise RuntimeError("password=hunter2 at db.internal")

    return app


def ask(app: FastAPI, method: str, path: str, language: str | None = None, **request: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://pianovivo.test") as client:
            if language is not None:
                client.headers["Accept-Language"] = language
            return await client.request(method, path, **request)

    return asyncio.run(send())


def errors_of(app: FastAPI, body: object, language: str = "it") -> list[dict[str, str]]:
    answer = ask(app, "POST", "/bulk", language, json=body)
    assert answer.status_code == 422
    errors: list[dict[str, str]] = answer.json()["errors"]
    return errors


def test_a_problem_is_rendered_in_italian_unless_english_is_asked_for(app: FastAPI) -> None:
    italian, english = ask(app, "GET", "/refused"), ask(app, "GET", "/refused", "en-GB,en;q=0.9,it;q=0.5")
    assert (italian.status_code, italian.headers["content-type"]) == (409, "application/problem+json")
    assert italian.json() == {
        "type": "urn:pianovivo:problem:unit-occupied",
        "title": "Unità occupata",
        "status": 409,
        "detail": "Non è libera.",
        "errors": [{"field": "/units/0", "value": "7", "rule": "Regola.", "remedy": "Rimedio."}],
    }
    assert english.json()["title"] == "Unit occupied"
    assert english.json()["errors"][0]["remedy"] == "Remedy."
    for answer, language in ((italian, "it"), (english, "en")):
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"
        assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "it"),
        ("", "it"),
        ("de", "it"),
        ("en", "en"),
        ("EN-us", "en"),
        ("it,en", "it"),
        ("en,it", "it"),
        ("it;q=0.8, en;q=0.9", "en"),
        ("it ; q=0.9,\ten ; q=0.8", "it"),
        ("*", "it"),
        ("it;q=0, *", "en"),
        ("en;q=0", "it"),
        ("en;q=0, *;q=0.1", "it"),
        ("en;q=nan, it;q=0.1", "it"),
        ("en;q=7", "it"),
    ],
)
def test_language_negotiation(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


@given(st.text())
def test_any_accept_language_yields_a_language(header: str) -> None:
    assert preferred_language(header) in ("it", "en")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("PUT", "/bulk", 405, "method-not-allowed"),
        ("GET", "/status/415", 415, "unsupported-media-type"),
        ("GET", "/status/418", 418, "request-refused"),
        ("GET", "/status/503", 503, "service-unavailable"),
    ],
)
def test_http_errors_of_the_framework_are_problems(
    app: FastAPI, method: str, path: str, status: int, code: str
) -> None:
    answer = ask(app, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["type"], answer.json()["status"]) == (f"urn:pianovivo:problem:{code}", status)
    assert "hunter2" not in answer.text


def test_the_headers_of_an_http_error_stay(app: FastAPI) -> None:
    assert ask(app, "PUT", "/bulk").headers["allow"] == "POST"


def test_a_redirect_raised_as_an_exception_stays_a_redirect(app: FastAPI) -> None:
    answer = ask(app, "GET", "/status/303")
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/elsewhere", b"")


@pytest.mark.parametrize("language", ["it", "en"])
def test_a_crash_tells_the_caller_only_the_number_of_its_log_line(app: FastAPI, language: str) -> None:
    with capture_logs() as logs:
        answer, again = ask(app, "GET", "/broken", language), ask(app, "GET", "/broken", language)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["content-language"] == language
    assert not any(word in answer.text for word in ("hunter2", "db.internal", "RuntimeError", "Traceback"))
    line, _ = logs
    assert answer.json()["instance"] == line["instance"]
    assert line["instance"].startswith("urn:uuid:")
    assert str(line["exc_info"]) == "password=hunter2 at db.internal"
    assert again.json()["instance"] != line["instance"]


UNIT_ERRORS = [
    ({}, "/units/0/istat", None, "Il campo è obbligatorio.", "Aggiungere il campo."),
    ({"istat": "19036"}, "/units/0/istat", "19036", "Il testo non ha la forma prevista.", "Seguire l’espressione"),
    ({"colour": "x"}, "/units/0/colour", None, "Il campo non è previsto.", "Togliere il campo"),
    ({"note": "a" * 99}, "/units/0/note", "a" * 59 + "…", "Il testo supera 10 caratteri.", "Abbreviare"),
    ({"note": 7}, "/units/0/note", "7", "Il valore deve essere un testo.", "Scrivere il valore tra"),
    ({"note": {"a": 1}}, "/units/0/note", "{…}", "Il valore deve essere un testo.", "Scrivere il valore tra"),
    ({"service": "SAX"}, "/units/0/service", "SAX", "Il valore non è tra", "Scegliere tra: 'SAP' o 'SAS'."),
    ({"rooms": "due"}, "/units/0/rooms", "due", "Il valore deve essere un numero intero.", "Scrivere solo cifre"),
    ({"rooms": 1.5}, "/units/0/rooms", "1.5", "Il valore deve essere un numero intero.", "Scrivere solo cifre"),
    ({"rooms": 0}, "/units/0/rooms", "0", "Il valore deve essere almeno 1.", "Indicare un valore entro"),
    ({"share": 1.2}, "/units/0/share", "1.2", "Il valore deve essere al massimo 1.", "Indicare un valore entro"),
    ({"share": 0.123}, "/units/0/share", "0.123", "Al massimo 2 decimali.", "Arrotondare"),
    ({"since": "31/10/2026"}, "/units/0/since", "31/10/2026", "Il valore deve essere una data", "2026-10-31"),
    ({"since": "2026-02-30"}, "/units/0/since", "2026-02-30", "Il valore deve essere una data", "2026-10-31"),
    ({"reported_at": "2026-10-31T10:00:00"}, "/units/0/reported_at", "2026-10-31T10:00:00", "Il valore", "+01:00"),
    ({"api_key": "hunter2"}, "/units/0/api_key", "***", "Il testo supera 3 caratteri.", "Abbreviare"),
]


@pytest.mark.parametrize(("change", "field", "value", "rule", "remedy"), UNIT_ERRORS)
def test_a_wrong_field_is_named_shown_and_explained(
    app: FastAPI, change: dict[str, object], field: str, value: str | None, rule: str, remedy: str
) -> None:
    unit = {"istat": "019036", **change} if change else {}
    (error,) = errors_of(app, {"units": [unit]})
    assert (error["field"], error.get("value")) == (field, value)
    assert error["rule"].startswith(rule)
    assert remedy in error["remedy"]


def test_the_same_in_english(app: FastAPI) -> None:
    (error,) = errors_of(app, {"units": [{"istat": "019036", "service": "SAX"}]}, "en")
    assert error["rule"] == "The value is not one of the accepted ones."
    assert error["remedy"] == "Choose one of: 'SAP' or 'SAS'."


def test_an_unknown_kind_of_error_keeps_the_words_of_pydantic(app: FastAPI) -> None:
    class Pair(BaseModel):
        pair: tuple[int, int]

    with pytest.raises(ValidationError) as invalid_pair:
        Pair.model_validate({"pair": "x"})
    (error,) = field_errors(invalid_pair.value, {"pair": "x"}, prefix="/items/3")
    assert error.field == "/items/3/pair"
    assert error.rule == Text(
        "Il valore non è ammesso (Input should be a valid tuple).",
        "The value is not accepted (Input should be a valid tuple).",
    )


def test_pointers_leave_out_union_branches_and_escape_names(app: FastAPI) -> None:
    events = [{"kind": "vacated", "on": "ieri"}, {"kind": "given"}, {}]
    fields = [error["field"] for error in errors_of(app, {"events": events, "size": {"a/b~c": "x"}})]
    assert fields == ["/events/0/on", "/events/1", "/events/2", "/size", "/size/a~1b~0c"]


def test_errors_outside_the_body_say_where(app: FastAPI) -> None:
    (error,) = ask(app, "POST", "/bulk?limit=101", json={}).json()["errors"]
    assert (error["field"], error["value"]) == ("/query/limit", "101")


def test_a_flood_of_errors_is_counted_but_not_listed(app: FastAPI) -> None:
    answer = ask(app, "POST", "/bulk", json={"units": [{}] * 150}).json()
    assert len(answer["errors"]) == MAX_FIELD_ERRORS == 100
    assert answer["detail"] == "Errori trovati: 150; elencati: 100."


def test_a_lone_surrogate_is_answered_not_a_crash(app: FastAPI) -> None:
    body = rb'{"units": [{"istat": "\ud800"}]}'
    answer = ask(app, "POST", "/bulk", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [(error["field"], error["value"]) for error in answer.json()["errors"]] == [("/units/0/istat", "?")]


def test_malformed_json_is_a_400_with_line_and_column_either_way(app: FastAPI) -> None:
    for path in ("/bulk", "/strict"):
        answer = ask(app, "POST", path, content=b'{"a": 1,\n "b" 2}', headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:pianovivo:problem:json-invalid")
        assert answer.json()["detail"] == "Riga 2, colonna 6: Expecting ':' delimiter."


@pytest.mark.parametrize("path", ["/bulk", "/strict"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonp", ""])
def test_other_content_types_are_a_415(app: FastAPI, path: str, content_type: str) -> None:
    answer = ask(app, "POST", path, content=b"{}", headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:pianovivo:problem:unsupported-media-type")


def test_raw_bytes_are_not_mistaken_for_a_wrong_content_type(app: FastAPI) -> None:
    answer = ask(app, "POST", "/raw?limit=x", content=b"\x00", headers={"Content-Type": "application/octet-stream"})
    assert [error["field"] for error in answer.json()["errors"]] == ["/query/limit"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=UTF-8", 200),
        ('application/cloudevents+json;charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
    ],
)
def test_strict_json_knows_its_media_types(app: FastAPI, content_type: str, status: int) -> None:
    assert ask(app, "POST", "/strict", content=b"{}", headers={"Content-Type": content_type}).status_code == status


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b'{"a": {"b": 1, "c": 2, "b": 1}}', "json-duplicate-key", "«b»"),
        (rb'{"a": 1, "\u0061": 2}', "json-duplicate-key", "«a»"),
        (b'{"a": NaN}', "json-invalid", "«NaN»"),
        (b"[-Infinity]", "json-invalid", "«-Infinity»"),
        (b"[1e999]", "json-invalid", "«1e999»"),
        (b'"\xe8"', "json-invalid", "Il byte 1 non è UTF-8."),
        (b"[" * 100_000, "json-invalid", "Troppi livelli annidati."),
        (b"9" * 5_000, "json-invalid", "Un numero intero ha troppe cifre."),
        (b"", "json-invalid", "Riga 1, colonna 1"),
        (b"{} {}", "json-invalid", "Riga 1, colonna 4"),
    ],
)
def test_json_that_means_two_things_or_none_is_refused(raw: bytes, code: str, said: str) -> None:
    with pytest.raises(Problem) as refusal:
        strict_json(raw)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert said in refusal.value.detail.it


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_other_json_value_is_read_as_it_was_written(value: object) -> None:
    assert strict_json(json.dumps(value).encode()) == value


def test_a_large_body_is_cut_off_while_it_arrives(app: FastAPI) -> None:
    sent: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(50):
            sent.append(number)
            yield b" " * 40

    answer = ask(app, "POST", "/strict", content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (413, "Il limite è di 100 byte.")
    assert sent == [0, 1, 2]
    exact = ask(app, "POST", "/strict", content=b"1".rjust(100), headers={"Content-Type": "application/json"})
    assert (exact.status_code, exact.json()) == (200, 1)


def test_every_kind_of_error_explained_exists_in_pydantic_and_fills_its_sentences() -> None:
    known = {str(error["type"]): error.get("example_context") or {} for error in list_all_errors()}
    assert RULES.keys() <= known.keys()
    for kind, texts in RULES.items():
        for text in texts:
            filled = text.filled(**{"expected": "", **known[kind]})
            assert "{" not in filled.it + filled.en


def test_a_code_is_kebab_case_for_ever() -> None:
    with pytest.raises(ValueError, match="kebab-case"):
        Problem(400, "Not_Kebab", Text("", ""), Text("", ""))


def test_errors_of_a_bulk_item_make_a_problem_of_their_own() -> None:
    item = {"istat": "019036", "rooms": 0}
    with pytest.raises(ValidationError) as broken:
        Unit.model_validate(item)
    problem = invalid(field_errors(broken.value, item, prefix="/units/7"))
    assert [error.field for error in problem.errors] == ["/units/7/rooms"]
    assert problem.document("en")["detail"] == "Errors found: 1; listed: 1."
