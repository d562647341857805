"""Every service describes itself by the Italian guidelines, judged by npm's Spectral; and the judge can find faults."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.services import SERVICES
from shared.openapi import operations
from shared.settings import Settings
from tests.contract.judges import judged

Json = dict[str, Any]
HOST = "https://piano.example.test"


def described(name: str, home: Path, **settings: Any) -> Json:
    service = next(one for one in SERVICES if one.name == name)
    document: Json = service.create_http(service.create_runtime(service.settings(home=home, **settings))).openapi()
    return document


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    return {one.name: described(one.name, tmp_path_factory.mktemp(one.name)) for one in SERVICES}


def test_every_service_follows_the_guidelines_to_the_last_warning(documents: dict[str, Json]) -> None:
    assert judged("openapi.mjs", list(documents.values())) == [[]] * 4


def first(document: Json) -> Json:
    return next(one for path, _, one in operations(document) if path != "/status")


def limits(document: Json) -> Json:
    headers: Json = document["components"]["responses"]["too-many-requests"]["headers"]
    return headers


def problem(document: Json) -> Json:
    schema: Json = document["components"]["schemas"]["Problem"]
    return schema


def not_found(document: Json) -> Json:
    answer: Json = document["components"]["responses"]["not-found"]
    return answer


def status(document: Json) -> Json:
    answers: Json = document["paths"]["/status"]["get"]["responses"]
    return answers


JSON_BODY: Json = {"content": {"application/json": {"schema": {"type": "boolean"}}}}
PLANTS: list[tuple[str, Callable[[Json], Any]]] = [
    ("has-x-summary", lambda d: d["info"].pop("x-summary")),
    ("has-termsOfService", lambda d: d["info"].pop("termsOfService")),
    ("has-contact", lambda d: d["info"].pop("contact")),
    ("has-x-api-id", lambda d: d["info"].pop("x-api-id")),
    ("use-semver", lambda d: d["info"].update(version="prima")),
    ("servers-description", lambda d: d["servers"][0].pop("description")),
    ("servers-use-https", lambda d: d["servers"][0].pop("x-sandbox")),
    ("paths-kebab-case", lambda d: d["paths"].update({"/homeUnits": d["paths"].pop("/units")})),
    ("paths-http-method", lambda d: d["paths"].update({"/create/units": d["paths"].pop("/units")})),
    ("paths-status", lambda d: d["paths"].pop("/status")),
    (
        "paths-status-return-problem",
        lambda d: status(d)["200"].update(content={"application/json": {"schema": {"type": "object"}}}),
    ),
    ("paths-status-problem-schema", lambda d: problem(d)["properties"].pop("detail")),
    ("no-method-name-in-operationId", lambda d: first(d).update(operationId="get_units")),
    (
        "no-x-headers-request",
        lambda d: first(d)["parameters"].append({"in": "header", "name": "X-Key", "schema": {"type": "boolean"}}),
    ),
    (
        "request-headers-pascal-case",
        lambda d: first(d)["parameters"].append({"in": "header", "name": "my_key", "schema": {"type": "boolean"}}),
    ),
    (
        "no-forbidden-headers",
        lambda d: first(d)["parameters"].append({"in": "header", "name": "Accept", "schema": {"type": "boolean"}}),
    ),
    (
        "sec-credentials-parameters",
        lambda d: first(d)["parameters"].append({"in": "query", "name": "api_token", "schema": {"type": "boolean"}}),
    ),
    (
        "use-problem-json-for-errors",
        lambda d: not_found(d).update(content={"text/html": {}}),
    ),
    ("errors-have-a-document", lambda d: not_found(d).pop("content")),
    ("use-problem-schema", lambda d: problem(d)["properties"].pop("type")),
    ("hint-problem-schema", lambda d: problem(d)["properties"].update(code={})),
    ("ratelimit-429-completeness", lambda d: limits(d).pop("X-RateLimit-Reset")),
    ("missing-ratelimit", lambda d: first(d)["responses"].update({"204": {"description": "x"}})),
    ("missing-retry-after", lambda d: limits(d).pop("Retry-After")),
    (
        "response-with-json-object",
        lambda d: d["components"]["schemas"].update(UnitPage={"type": "boolean"}),
    ),
    ("integer-format", lambda d: problem(d)["properties"]["status"].pop("format")),
    ("number-boundaries", lambda d: problem(d)["properties"]["status"].pop("maximum")),
    ("number-format", lambda d: problem(d)["properties"].update(more={"type": "number"})),
    ("array-boundaries", lambda d: problem(d)["properties"]["errors"].pop("maxItems")),
    ("string-maxlength", lambda d: problem(d)["properties"]["type"].pop("maxLength")),
    ("constrained-additionalProperties", lambda d: problem(d).update(additionalProperties={"type": "boolean"})),
    (
        "sec-protection-global-unsafe",
        lambda d: d["paths"]["/units"].update(post=first(d) | {"operationId": "unit_add", "security": [{}]}),
    ),
    ("securitySchemes-jwt", lambda d: d["components"]["securitySchemes"]["token"].update(description="un token")),
    (
        "patch-media-type",
        lambda d: d["paths"]["/units"].update(
            patch=first(d) | {"operationId": "unit_change", "requestBody": JSON_BODY}
        ),
    ),
    (
        "oas3-valid-media-example",
        lambda d: not_found(d)["content"]["application/problem+json"].update(example={"title": 3}),
    ),
    ("invalid-ref", lambda d: d["components"]["schemas"].pop("FieldError")),
    ("operation-description", lambda d: first(d).pop("description")),
]


def test_the_judge_finds_every_planted_fault(documents: dict[str, Json]) -> None:
    planted = [copy.deepcopy(documents["registry"]) for _ in PLANTS]
    for document, (_, plant) in zip(planted, PLANTS, strict=True):
        plant(document)
    found = [{one.split(":")[0] for one in verdict} for verdict in judged("openapi.mjs", planted)]
    assert [rule for (rule, _), rules in zip(PLANTS, found, strict=True) if rule not in rules] == []


def test_every_refusal_that_can_come_is_declared(documents: dict[str, Json]) -> None:
    for document in documents.values():
        for path, _, operation in operations(document):
            declared = {int(status) for status in operation["responses"] if status >= "400"}
            if path == "/status":
                assert declared == {503}
                continue
            assert declared >= {401, 403, 429, 503}
            assert ("requestBody" not in operation) or declared >= {400, 413, 415, 422}
            assert ("parameters" not in operation) or 422 in declared
            assert ("{" not in path) or 404 in declared


def test_every_post_takes_an_idempotency_key(documents: dict[str, Json]) -> None:
    for document in documents.values():
        for _, method, operation in operations(document):
            taken = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert method != "post" or "Idempotency-Key" in taken, operation["operationId"]


def test_an_installation_says_where_it_is_and_who_answers_for_it(tmp_path: Path) -> None:
    told = {"public_url": f"{HOST}/{{service}}", "contact_email": "casa@example.test", "terms_url": f"{HOST}/termini"}
    document = described("registry", tmp_path, **told)
    assert document["servers"] == [{"url": f"{HOST}/registry", "description": "In esercizio"}]
    assert document["info"]["contact"] == {"name": "Comune di Cremona, ente capofila", "email": "casa@example.test"}
    assert document["info"]["termsOfService"] == f"{HOST}/termini"
    assert judged("openapi.mjs", [document]) == [[]]


@pytest.mark.parametrize(
    "url",
    [
        *("http://piano.example.test", "https://piano.example.test/{servizio}", "piano"),
        *("planner=http://piano.example.test", "planner=https://a.test,intake", "planner=https://a.test/{service}"),
    ],
)
def test_a_public_address_is_https_and_varies_by_service_only(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(public_url=url)
