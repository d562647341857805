"""The document's JSON Schema, judged by a validator that is not ours: what we write fits, what is spoilt does not."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from services.planner.document.canonical import json_of
from tests.contract.judges import judged
from tests.support.plan_document import synthetic_document
from tests.support.plan_material import assembled_synthetic

SCHEMA = json.loads((files("services.planner.document") / "schemas" / "documento.schema.json").read_text("utf-8"))


def spoilt(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json_of(assembled_synthetic())), **changes}


def test_documents_fit_the_schema_and_spoilt_ones_do_not() -> None:
    held = json.loads(json_of(assembled_synthetic()))
    table = next(block for block in held["parts"][0]["sections"][1]["blocks"] if block["block"] == "table")
    table["rows"][0][0]["value"] = 1.5
    good = [json.loads(json_of(document)) for document in (synthetic_document(), assembled_synthetic())]
    bad = [
        *(spoilt(parts=[]), spoilt(synthetic="no"), spoilt(extra=1), held),
        spoilt(edition=good[0]["edition"] | {"hash": "0" * 63}),
    ]
    verdicts = judged("schemas.mjs", [{"schema": SCHEMA, "body": body} for body in (*good, *bad)])
    assert verdicts[: len(good)] == [None, None]
    assert all(verdict and not verdict.startswith("schema:") for verdict in verdicts[len(good) :])
