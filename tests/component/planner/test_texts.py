"""The plan's texts over HTTP: who writes them, what is refused, what two who write at once are told, what stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.planner.tables.texts import SectionTextRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import SectionWritten, UnitStatus
from tests.support.editions import document_of, nil_rows, proposed, taken
from tests.support.planner_room import LEAD, TOWN, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry

PLAN = f"/plans/{AMBITO}"
STRATEGIES = f"{PLAN}/texts/strategie"
PARTNER = ("azienda-sociale", Role.TECHNICAL_PARTNER)
READERS = (
    TOWN,
    ("aler-bcm", Role.OWNER),
    ("segreteria-assemblea", Role.ASSEMBLY_SECRETARY),
    ("regione-lombardia", Role.REGION),
    ("gestore-impianto", Role.OPERATOR),
)
TEXT = """Nel {{anno_a_cui_si_riferiscono_i_residenti}} c’erano {{residenti}} residenti.

- Liberi: {{alloggi_liberi_assegnabili}}."""


@pytest.fixture
def registry() -> TestRegistry:
    """Two homes are free."""
    return registry_of(2, set_aside=False)


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    async with standing(tmp_path, [*registry.sent, *nil_rows()]) as room:
        yield room


async def write(
    room: Room,
    markdown: str,
    revision: int = 0,
    status: int = 201,
    who: tuple[str, Role] = LEAD,
    key: str = "",
    **more: Any,
) -> Any:
    body = {"markdown": markdown, "office": "HOUSING_OFFICE", "revision": revision} | more
    headers = {"idempotency-key": key} if key else {}
    section = body.pop("section", "strategie")
    async with room.client(who) as client:
        answer = await client.post(f"{PLAN}/texts/{section}/revisions", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def shown(room: Room, path: str = STRATEGIES, who: tuple[str, Role] = LEAD, status: int = 200) -> Any:
    async with room.client(who) as client:
        answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def told(room: Room, query: str = "") -> list[str]:
    """What the plan tells of the section."""
    items = (await shown(room, f"{PLAN}/texts{query}"))["items"]
    [item] = [one for one in items if one["section"] == "strategie"]
    return [sentence["text"] for heading in item["told"] for sentence in heading["sentences"]]


async def test_a_text_is_told_with_the_plans_numbers_and_follows_them(room: Room, registry: TestRegistry) -> None:
    """Two homes are free; when one is let the text says one, though nobody has touched it."""
    written = await write(room, TEXT, note="prima stesura")
    assert {name: written[name] for name in ("revision", "organisation", "office", "written_on", "note")} == {
        "revision": 1,
        "organisation": f"comune-{CREMONA}",
        "office": "HOUSING_OFFICE",
        "written_on": today_in_italy().isoformat(),
        "note": "prima stesura",
    }
    assert await told(room) == [], "the plan has not heard of it"
    await room.hear_back()
    figures = {one["id"]: one for one in (await shown(room, f"{PLAN}/figures?limit=1000"))["items"]}
    free = figures["-:-:free_assignable:-"]["value"]
    assert (await told(room))[1] == f"Liberi: {free}." == "Liberi: 2."
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, date(2026, 2, 1))
    await room.hear(registry.sent[-1:])
    assert (await told(room))[1] == "Liberi: 1."


async def test_a_part_has_the_texts_of_its_sections_as_everybody_reads_them(room: Room) -> None:
    """The same items as the list of texts, for each who may read; of one municipality there are none."""
    await write(room, TEXT)
    await room.hear_back()
    for who in READERS:
        items = (await shown(room, f"{PLAN}/texts", who))["items"]
        for number in range(1, 8):
            own = [one for one in items if one["part"] == number]
            assert (await shown(room, f"{PLAN}/parts/{number}", who))["texts"] == own
    [strategies, *others] = (await shown(room, f"{PLAN}/parts/5"))["texts"]
    assert [one["text"] for one in strategies["told"][0]["sentences"]][1] == "Liberi: 2."
    assert [one["revision"] for one in others] == [0, 0]
    assert (await shown(room, f"{PLAN}/parts/5?municipality={CREMONA}"))["texts"] == []


async def test_the_document_has_it_and_its_sentences_name_their_figures(room: Room) -> None:
    await write(room, TEXT)
    await room.hear_back()
    async with room.client(LEAD) as client:
        document = (await client.get(f"{PLAN}/document", headers={"accept": "application/json"})).json()
    [section] = [one for one in document["parts"][4]["sections"] if one["title"].startswith("Le strategie")]
    paragraph, listing = section["blocks"]
    assert paragraph["sentences"][0]["figures"] == ["ambito/population_year", "ambito/population"]
    assert listing["items"] == [{"text": "Liberi: 2.", "figures": ["-:-:free_assignable:-"]}]


async def test_every_revision_stays_with_its_author_and_what_changed_is_told(room: Room) -> None:
    await write(room, "Uno alloggio.")
    await write(room, "Due alloggi.", 1, who=PARTNER, office="AREA_PLAN_OFFICE")
    await room.hear_back()
    assert await told(room) == ["Due alloggi."]
    items = (await shown(room, f"{STRATEGIES}/revisions"))["items"]
    assert [(one["revision"], one["organisation"], one["office"], one["markdown"]) for one in items] == [
        (2, PARTNER[0], "AREA_PLAN_OFFICE", "Due alloggi."),
        (1, LEAD[0], "HOUSING_OFFICE", "Uno alloggio."),
    ]
    found = await shown(room, f"{STRATEGIES}/differences?from_revision=1&to_revision=2")
    assert [(one["change"], one["text"]) for one in found["items"]] == [
        ("REMOVED", "Uno alloggio."),
        ("ADDED", "Due alloggi."),
    ]
    await shown(room, f"{STRATEGIES}/differences?from_revision=1&to_revision=3", status=404)
    said = [message.event for message in await room.said()]
    assert [event.revision for event in said if isinstance(event, SectionWritten)] == [1, 2]


async def test_who_writes_over_an_old_revision_is_told_what_has_changed_and_nothing_is_lost(room: Room) -> None:
    await write(room, "Prima riga.\nSeconda riga.")
    await write(room, "Prima riga.\nSeconda riga, corretta.", 1, who=PARTNER)
    refused = await write(room, "Un’altra stesura.", 1, 409)
    assert refused["type"] == "urn:pianovivo:problem:text-rewritten"
    assert PARTNER[0] in refused["detail"]
    assert [error["field"] for error in refused["errors"]] == ["/revision", "/markdown", "/markdown"]
    assert "riga." in refused["errors"][1]["rule"]
    assert "corretta" in refused["errors"][2]["rule"]
    assert (await shown(room))["markdown"] == "Prima riga.\nSeconda riga, corretta."
    await write(room, "Un’altra stesura.", 2)
    assert await write(room, "Di nuovo.", 7, 409)
    async with room.client() as client:
        assert (await client.get(STRATEGIES)).headers["etag"] == '"3"'


async def test_repeated_under_one_key_it_is_written_once(room: Room) -> None:
    first = await write(room, "Testo.", key="una-volta")
    assert await write(room, "Testo.", key="una-volta") == first
    assert len(await room.rows(SectionTextRow)) == 1


@pytest.mark.parametrize(
    ("markdown", "rule"),
    [
        ("Uno.\n\n<b>due</b>", "Riga 3"),
        ("Sono {{numero sconosciuto}}.", "numero sconosciuto"),
        ("Sono {{patrimonio: Cremona, ente-sparito}}.", "non ha il numero"),
        ("Testo.\u0000", "U+0000"),
        ("", "già scritto"),
    ],
)
async def test_what_cannot_be_told_is_refused_line_by_line(room: Room, markdown: str, rule: str) -> None:
    [error] = (await write(room, markdown, status=422))["errors"]
    assert error["field"] == "/markdown"
    assert rule in error["rule"]
    assert error["remedy"]
    assert await room.rows(SectionTextRow) == []
    assert await room.said() == []


async def test_a_section_office_or_length_that_is_not_there_is_refused(room: Room) -> None:
    await write(room, "Testo.", status=404, section="poesie")
    await shown(room, f"{PLAN}/texts/poesie", status=404)
    [error] = (await write(room, "Testo.", status=422, office="Mario Rossi"))["errors"]
    assert error["field"] == "/office"
    [error] = (await write(room, "a" * 10_001, status=422))["errors"]
    assert error["field"] == "/markdown"


async def test_only_the_lead_municipality_and_its_partner_write_and_everybody_who_signs_in_reads(room: Room) -> None:
    await write(room, "Testo.")
    for who in READERS:
        await write(room, "Altro.", 1, 403, who)
        assert (await shown(room, STRATEGIES, who))["markdown"] == "Testo."
        assert len((await shown(room, f"{STRATEGIES}/revisions", who))["items"]) == 1
    await write(room, "Altro.", 1, who=PARTNER)


async def test_a_new_version_says_that_a_text_was_written_and_no_figure_moves(room: Room) -> None:
    await write(room, "Uno.")
    await room.hear_back()
    before = await shown(room, PLAN)
    await write(room, "Due.", 1)
    await room.hear_back()
    after = await shown(room, PLAN)
    assert (after["version"], after["figures"]) == (before["version"] + 1, before["figures"])
    assert after["hash"] != before["hash"]
    [cause] = (await shown(room, f"{PLAN}/versions?limit=1"))["items"][0]["causes"]
    assert (cause["kind"], cause["subject"], cause["municipality"]) == ("section-written", "strategie", CREMONA)


async def test_as_of_a_day_before_it_was_written_there_was_none(room: Room) -> None:
    await write(room, "Testo.")
    await room.hear_back()
    today = today_in_italy()
    assert await told(room, f"?true_on={today}&known_on={today}") == ["Testo."]
    assert await told(room, "?true_on=2026-01-31") == []


async def test_revisions_heard_in_the_wrong_order_end_the_same(room: Room) -> None:
    for number in range(3):
        await write(room, f"Stesura {number + 1}.", number)
    await room.hear(list(reversed(await room.said())))
    assert await told(room) == ["Stesura 3."]


async def test_a_frozen_edition_keeps_the_text_that_was_proposed(room: Room) -> None:
    await write(room, "Il testo proposto, con {{alloggi_liberi_assegnabili}} alloggi.")
    await room.hear_back()
    await proposed(room)
    frozen = json.loads(await document_of(room))
    await write(room, "Il testo di dopo.", 1)
    await room.hear_back()
    await taken(room, "SUBMITTED_TO_ASSEMBLY")
    assert await told(room) == ["Il testo di dopo."]
    later = json.loads(await document_of(room))
    assert later["parts"] == frozen["parts"]
    told_then = json.dumps(later["parts"], ensure_ascii=False)
    assert "Il testo proposto, con 2 alloggi." in told_then
    assert "Il testo di dopo" not in told_then
