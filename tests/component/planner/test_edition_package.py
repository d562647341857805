"""An edition as open data over HTTP: its own document whole, the same bytes whatever the plan hears afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from shared.civil_time import today_in_italy
from shared.events import UnitStatus
from tests.support.editions import EDITIONS, TO_PUBLICATION, document_of, nil_rows, package_of, proposed, walked
from tests.support.planner_room import LEAD, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO, TestRegistry

PLAN, PACKAGE = f"/plans/{AMBITO}", f"{EDITIONS}/1/package"
ZIP = "application/zip"


@pytest.fixture
def registry() -> TestRegistry:
    return registry_of(2, set_aside=False)


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    async with standing(tmp_path, [*registry.sent, *nil_rows()]) as room:
        await proposed(room)
        yield room


async def asked(room: Room, path: str = PACKAGE, **headers: str) -> httpx.Response:
    async with room.client(LEAD) as client:
        return await client.get(path, headers=headers)


async def test_it_holds_the_editions_document_and_every_file_has_its_sum(room: Room) -> None:
    answer = await asked(room)
    assert (answer.status_code, answer.headers["content-type"]) == (200, ZIP)
    assert answer.headers["content-disposition"].endswith(f'filename="piano-{AMBITO}-2026-edizione-1.zip"')
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.read("documento.json") == await document_of(room)
        sums = [line.split("  ") for line in archive.read("SHA256SUMS").decode().splitlines()]
        assert {name for _, name in sums} == {*archive.namelist()} - {"SHA256SUMS"}
        assert all(sha256(archive.read(name)).hexdigest() == digest for digest, name in sums)
        assert {"dizionario.csv", "metadati.jsonld"} <= {*archive.namelist()}


async def test_its_etag_is_the_documents_hash_and_who_has_it_gets_nothing(room: Room) -> None:
    [edition] = (await asked(room, EDITIONS)).json()["items"]
    assert edition["_links"]["package"] == f"{PACKAGE}?first_year=2026"
    answer = await asked(room, edition["_links"]["package"])
    assert answer.headers["etag"] == f'"{edition["document_hash"]}"'
    again = await asked(room, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_later_events_change_the_live_package_and_no_byte_of_the_editions(
    room: Room, registry: TestRegistry
) -> None:
    edition, live = await package_of(room), (await asked(room, f"{PLAN}/package")).content
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])
    assert (await asked(room, f"{PLAN}/package")).content != live
    assert await package_of(room) == edition


async def test_a_step_is_in_it_and_what_is_published_is_the_file_of_the_page(room: Room) -> None:
    before = await package_of(room)
    await walked(room, *TO_PUBLICATION)
    published = await package_of(room)
    assert published != before
    page = await asked(room, f"/ambiti/{AMBITO}/edizioni/1/piano.zip")
    assert (page.headers["content-type"], page.content) == (ZIP, published)
