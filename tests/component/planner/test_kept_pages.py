"""A page is written once for everybody, and anew for who may see more, in another language or of another version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.planner.pages.frame import templates
from shared.auth import Role, issue
from tests.support.planner import Served, planner_serving, synthetic
from tests.support.public_pages import KEY, PLAN, home_with_key
from tests.support.world import AMBITO

PAGES = ("", "/comuni/019098", "/parti/4", "/numeri/-:-:assignable_mean:-", "/completezza", "/scostamenti", "/verifica")


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planner_serving(home_with_key(tmp_path_factory.mktemp("tenute"))) as served:
        served.hear(*synthetic().past)
        yield served


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were written from here on."""
    names: list[str] = []
    respond = templates.TemplateResponse

    def counted(request: Any, name: str, *rest: Any, **more: Any) -> Any:
        names.append(name)
        return respond(request, name, *rest, **more)

    monkeypatch.setattr(templates, "TemplateResponse", counted)
    return names


@pytest.mark.parametrize("path", PAGES)
def test_who_comes_later_gets_what_was_written_with_the_same_headers(
    planner: Served, written: list[str], path: str
) -> None:
    first, second = (httpx.get(planner.url + PLAN + path, timeout=120) for _ in range(2))
    assert len(written) == 1
    assert first.text == second.text
    for name in ("etag", "cache-control", "vary", "content-type", "content-security-policy"):
        assert first.headers[name] == second.headers[name]


def test_another_language_address_or_reader_is_written_for_itself(planner: Served, written: list[str]) -> None:
    page = f"{planner.url}{PLAN}/comuni/019026"
    now = datetime.now(UTC)
    who = "comune-019036", Role.LEAD, AMBITO
    token = issue(KEY, *who, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "ufficio-casa")
    asked = [
        httpx.get(page, timeout=60),
        httpx.get(page, headers={"accept-language": "en"}, timeout=60),
        httpx.get(f"{page}?lang=it", timeout=60),
        httpx.get(page, headers={"authorization": f"Bearer {token}"}, timeout=60),
    ]
    assert [answer.status_code for answer in asked] == [200] * 4
    assert len(written) == 4
    assert httpx.get(page, headers={"accept-language": "en"}).text == asked[1].text
    assert len(written) == 4


def test_a_new_version_is_another_page(planner: Served) -> None:
    page = f"{planner.url}{PLAN}/numeri/-:-:free_assignable:-"
    before = httpx.get(page).text
    planner.hear(synthetic().vacancy)
    assert httpx.get(page).text != before
