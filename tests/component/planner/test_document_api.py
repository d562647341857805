"""The document of the plan over HTTP: the figures of the API, as of any day, as data and as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from services.planner.api.document import FORMATS, preferred_format
from services.planner.document.canonical import is_sealed, read_document
from services.planner.document.model import Cell, Document, Span, Table
from services.planner.document.odt import odt_of
from shared.auth import Role, issue
from tests.component.planner.test_figures_api import CREMONA, PLAN, asked
from tests.component.planner.test_readers import seen
from tests.support.pdf import verdict
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import KEY, home_with_key
from tests.support.world import AMBITO

PDF, JSON, ODT = FORMATS
AS_OF = "?true_on=2025-06-30"


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("documento"))) as served:
        served.hear(*synthetic().past)
        yield served


def answer(
    planner: Served, accept: str | None, query: str = "", resource: str = "document", **headers: str
) -> httpx.Response:
    now = datetime.now(UTC)
    token = issue(KEY, "comune-019036", Role.LEAD, AMBITO, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    sent = {"authorization": f"Bearer {token}", **({} if accept is None else {"accept": accept}), **headers}
    return httpx.get(f"{planner.url}{PLAN}/{resource}{query}", headers=sent, timeout=120)


@pytest.fixture(scope="module")
def found(planner: Served) -> httpx.Response:
    return answer(planner, JSON)


@pytest.fixture(scope="module")
def document(found: httpx.Response) -> Document:
    return read_document(found.content)


def cells(document: Document, place: str) -> list[Cell]:
    tables = [block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Table)]
    return [cell for one in tables for row in one.all_rows for cell in row if cell.figure.startswith(place)]


def test_every_number_of_a_municipality_is_the_apis(planner: Served, document: Document) -> None:
    """As the API tells them to everybody: the document is for all."""
    for istat in asked(planner, PLAN)["municipalities"]:
        figures: dict[str, Any] = {
            one["id"]: one["value"] for one in seen(planner, f"{PLAN}/municipalities/{istat}")["figures"]
        }
        details = asked(planner, f"{PLAN}/figures?detail=COLUMNS&municipality={istat}&limit=1000")["items"]
        figures |= {one["id"]: one["value"] for one in details if one["value"] is not None}
        shown = cells(document, f"{istat}:")
        assert (
            len(shown) >= 13 + 2 * 6
        )  # the stock by state; years, triennium, interval and adopted value of each forecast
        for cell in shown:
            match cell.value:
                case Span(low, high):
                    assert (low, high) == (figures[cell.figure], figures[cell.figure.replace("_low:", "_high:")])
                case Decimal() as share:
                    assert share * 1000 == figures[cell.figure]
                case None:
                    assert cell.figure not in figures
                case value if ":need_" in cell.figure:
                    assert 1000 * int(str(value)) == figures[cell.figure]
                case value:
                    assert int(str(value)) == figures[cell.figure]


@pytest.mark.parametrize("number", [1, 2])
def test_the_survey_of_a_municipality_is_the_apis(planner: Served, document: Document, number: int) -> None:
    part = asked(planner, f"{PLAN}/parts/{number}?municipality={CREMONA}")
    known = {one["id"]: Decimal(one["value"]) for one in part["figures"]}
    shown = {cell.figure: cell.value for cell in cells(document, f"{CREMONA}/") if cell.figure in known}
    assert len(shown) >= 5
    assert all(value in (known[name], 1000 * known[name]) for name, value in shown.items())


def test_the_edition_is_the_plan_in_force(planner: Served, found: httpx.Response, document: Document) -> None:
    plan = asked(planner, PLAN)
    edition = document.edition
    assert (edition.plan_hash, edition.version, edition.status) == (
        plan["hash"],
        plan["version"],
        "bozza, non approvato",
    )
    assert is_sealed(document)
    assert found.headers["etag"] == f'W/"{edition.hash}"'
    assert found.headers["content-type"] == JSON
    assert found.headers["content-language"] == "it"


def test_it_is_the_same_each_time_and_is_not_sent_again(planner: Served, found: httpx.Response) -> None:
    assert answer(planner, JSON).content == found.content
    again = answer(planner, PDF, **{"if-none-match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_as_of_another_day_it_is_another_document(planner: Served, document: Document) -> None:
    then = read_document(answer(planner, JSON, AS_OF).content)
    assert then.edition.hash != document.edition.hash
    assert then.edition.plan_hash == asked(planner, f"{PLAN}{AS_OF}")["hash"]
    assert then.edition.reference_on.isoformat() <= "2025-06-30"


def test_two_processes_print_the_same_pdf(planner: Served, found: httpx.Response) -> None:
    first, second = answer(planner, PDF), answer(planner, PDF)
    assert first.status_code == 200
    assert first.headers["content-type"] == PDF
    assert first.headers["etag"] == found.headers["etag"]
    assert first.content.startswith(b"%PDF-1.7")
    assert first.content == second.content


@pytest.mark.parametrize("flavour", ["ua1", "2a"])
def test_verapdf_passes_what_is_served(planner: Served, flavour: str, tmp_path: Path) -> None:
    path = tmp_path / "piano.pdf"
    path.write_bytes(answer(planner, PDF).content)
    assert verdict(path, flavour) == f"PASS {path} {flavour}\n"


def test_offices_get_a_text_to_paste_from(planner: Served, found: httpx.Response) -> None:
    told = answer(planner, ODT)
    assert (told.status_code, told.headers["content-type"]) == (200, ODT)
    assert told.headers["content-disposition"].endswith('.odt"')
    assert told.content == odt_of(read_document(found.content))


def test_the_package_holds_the_document_and_is_the_same_each_time(planner: Served, found: httpx.Response) -> None:
    first, second = (answer(planner, None, resource="package") for _ in range(2))
    assert (first.status_code, first.headers["content-type"]) == (200, "application/zip")
    assert first.content == second.content
    with ZipFile(BytesIO(first.content)) as archive:
        assert archive.read("documento.json") == found.content
    again = answer(planner, None, resource="package", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_format_is_not_acceptable(planner: Served) -> None:
    refused = answer(planner, "application/msword")
    assert refused.status_code == 406
    assert refused.json()["title"] == "Formato non disponibile"


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", PDF),
        ("*/*", PDF),
        ("application/json", JSON),
        ("application/*;q=0.5, application/json", JSON),
        ("application/json;q=0.2, application/pdf;q=0.3", PDF),
        ("application/pdf;q=0, */*", JSON),
        ("Application/JSON; charset=utf-8; q=1.0", JSON),
        (ODT, ODT),
        ("text/html", None),
        ("application/pdf;q=0", None),
        ("application/pdf;q=x", None),
    ],
)
def test_the_format_that_is_asked_for(accept: str, format_: str | None) -> None:
    """RFC 9110, section 12.5.1: the most specific range decides, a weight of nought excludes."""
    assert preferred_format(accept) == format_
