"""The life of a plan over HTTP: proposed, voted, sent, published, updated; who may, what is missing, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from services.planner.document.canonical import is_sealed, read_document
from services.planner.store import editions as store
from services.planner.tables.editions import EditionStepRow
from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import PlanStatus, PlanStatusChanged, UnitStatus
from tests.support.editions import (
    EDITIONS,
    EVERY_ROW,
    STEPS,
    TO_APPROVAL,
    TO_PUBLICATION,
    day,
    document_of,
    executive,
    in_default,
    nil_rows,
    proposed,
    resolution,
    shown,
    step_path,
    taken,
    walked,
)
from tests.support.pdf import pages_of
from tests.support.planner_room import LEAD, SECRETARY, TOWN, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO, CREMONA, TestRegistry

PLAN = f"/plans/{AMBITO}"


@pytest.fixture
def registry() -> TestRegistry:
    """Two homes are free."""
    return registry_of(2, set_aside=False)


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    """Every row of the cycle is there."""
    async with standing(tmp_path, [*registry.sent, *nil_rows()]) as room:
        yield room


async def told(room: Room) -> list[PlanStatusChanged]:
    said = [message.event for message in await room.said("plans")]
    return [event for event in said if isinstance(event, PlanStatusChanged)]


async def test_a_plan_goes_from_collecting_to_published(room: Room) -> None:
    assert (await shown(room))["status"] == "COLLECTING"
    plan = await shown(room, PLAN)
    edition = await proposed(room)
    assert {name: edition[name] for name in ("edition", "first_year", "kind", "status")} == {
        "edition": 1,
        "first_year": 2026,
        "kind": "TRIENNIAL",
        "status": "PROPOSED",
    }
    assert (edition["version"], edition["plan_hash"]) == (plan["version"], plan["hash"])
    edition = await walked(room, *TO_PUBLICATION)
    assert [step["status"] for step in edition["steps"]] == ["PROPOSED", *TO_PUBLICATION]
    assert edition["steps"][2]["acts"] == [resolution(), executive()]
    assert edition == await shown(room, f"{EDITIONS}/1")
    assert (await shown(room, f"{EDITIONS}/1/steps"))["items"] == edition["steps"]
    listed = await shown(room)
    assert (listed["status"], listed["items"]) == ("PUBLISHED", [edition])


async def test_every_step_is_told_once_with_its_acts_and_hashes(room: Room) -> None:
    await proposed(room)
    edition = await walked(room, *TO_PUBLICATION)
    events = await told(room)
    assert [(event.step, event.before, event.status) for event in events] == [
        (1, "COLLECTING", "PROPOSED"),
        (2, "PROPOSED", "SUBMITTED_TO_ASSEMBLY"),
        (3, "SUBMITTED_TO_ASSEMBLY", "APPROVED"),
        (4, "APPROVED", "TRANSMITTED_TO_REGION"),
        (5, "TRANSMITTED_TO_REGION", "PUBLISHED"),
    ]
    assert {event.plan_hash for event in events} == {edition["plan_hash"]}
    assert [event.document_hash for event in events] == [step["document_hash"] for step in edition["steps"]]
    assert [(act.organ, act.number) for act in events[2].acts] == [
        ("ASSEMBLY_OF_MAYORS", "12"),
        ("MUNICIPAL_EXECUTIVE", "210/2026"),
    ]
    ids = [message.envelope.id for message in await room.said("plans")]
    assert len(set(ids)) == len(ids)


async def test_the_document_says_how_the_edition_stands_and_its_figures_stay(
    room: Room, registry: TestRegistry
) -> None:
    await proposed(room)
    first = read_document(await document_of(room))
    assert first.edition.status == "proposto, non approvato"
    await walked(room, *TO_APPROVAL)
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])
    approved = read_document(await document_of(room))
    assert approved.edition.status == "approvato"
    today = today_in_italy()
    day = f"{today.day if today.day > 1 else '1º'}"
    assert approved.cover.acts[-1].startswith(f"L’Assemblea dei Sindaci ha approvato il Piano 2026–2028 il {day} ")
    assert "Assemblea dei Sindaci, deliberazione n. 12 del " in approved.cover.acts[-1]
    assert is_sealed(approved)
    assert approved.edition.hash == (await shown(room, f"{EDITIONS}/1"))["document_hash"]
    for name in ("legal_frame", "submissions", "parts", "annexes", "synthetic"):
        assert getattr(approved, name) == getattr(first, name)
    live = await shown(room, PLAN)
    assert (approved.edition.plan_hash, approved.edition.log_head) == (first.edition.plan_hash, first.edition.log_head)
    assert live["hash"] != approved.edition.plan_hash


async def test_the_frozen_document_is_printed_too(room: Room) -> None:
    await proposed(room)
    pdf = await document_of(room, accept="application/pdf")
    assert pdf.startswith(b"%PDF-1.7")


async def test_what_is_frozen_is_the_plan_s_content_and_its_rules(room: Room) -> None:
    await proposed(room)
    async with room.runtime.db.reading() as session:
        steps = await store.steps_of(session, AMBITO, 2026, 1)
        frozen = await store.frozen_of(session, steps)
    assert frozen is not None
    assert sha256(frozen.content).hexdigest() == steps[0].plan_hash
    rules = orjson.loads(frozen.rules)
    assert (rules["on"], rules["access"]["isee_limit_eur"]) == (steps[0].rules_on.isoformat(), 16_000)
    assert rules["sources"]["access_isee_limit"]["article"]


async def test_it_is_not_proposed_while_rows_are_missing_and_every_one_is_named(
    tmp_path: Path, registry: TestRegistry
) -> None:
    gone = [EVERY_ROW[3], EVERY_ROW[7], (CREMONA, "aler")]
    async with standing(tmp_path, [*registry.sent, *nil_rows(but=gone)]) as room:
        problem = await proposed(room, 409)
        assert problem["type"] == "urn:pianovivo:problem:rows-missing"
        assert "mancano 3 righe" in problem["detail"]
        assert {error["field"] for error in problem["errors"]} == {f"/rows/{place}/{owner}" for place, owner in gone}
        assert all("inadempienza" in error["remedy"] for error in problem["errors"])
        assert (await shown(room))["items"] == []
        assert await told(room) == []
        await room.hear([in_default(*key, 300_000 + place) for place, key in enumerate(gone[:2])])
        assert [error["field"] for error in (await proposed(room, 409))["errors"]] == [f"/rows/{CREMONA}/aler"]
        await room.hear([in_default(CREMONA, "aler", 300_009)])
        await proposed(room)


async def test_a_default_of_another_year_excuses_nobody(tmp_path: Path, registry: TestRegistry) -> None:
    [place, owner] = EVERY_ROW[3]
    async with standing(tmp_path, [*registry.sent, *nil_rows(but=[(place, owner)])]) as room:
        await room.hear([in_default(place, owner, 300_000, year=2024)])
        assert [error["field"] for error in (await proposed(room, 409))["errors"]] == [f"/rows/{place}/{owner}"]


async def test_each_step_carries_the_seal_of_who_has_signed_in_until_then(room: Room, tmp_path: Path) -> None:
    people = room.app.state.people
    assert (await proposed(room))["audit_head"] is None, "nobody has signed in yet"
    await people.refuse("account", "192.0.2.1")
    sent = await taken(room, "SUBMITTED_TO_ASSEMBLY")
    await people.refuse("account", "192.0.2.1")
    voted = await taken(room, "APPROVED")
    heads = [step["audit_head"] for step in voted["steps"]]
    assert heads == [None, sent["audit_head"], voted["audit_head"]] == [None, heads[1], (await people.audit()).head]
    noted = await people.audit(heads[1])
    assert (noted.lines, noted.is_whole, noted.has_expected) == (2, True, True)
    approved = read_document(await document_of(room))
    assert approved.edition.audit_head == voted["audit_head"]
    assert is_sealed(approved)
    printed = tmp_path / "piano.pdf"
    printed.write_bytes(await document_of(room, accept="application/pdf"))
    assert voted["audit_head"] in "".join("".join(pages_of(printed)).split())


async def test_one_that_was_returned_is_proposed_again_as_it_is_then(room: Room, registry: TestRegistry) -> None:
    first = await proposed(room)
    edition = await walked(room, "SUBMITTED_TO_ASSEMBLY", "RETURNED")
    assert edition["steps"][-1]["reason"] == "rivedere la parte quinta"
    assert "rinviato" in read_document(await document_of(room)).edition.status
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])
    assert (await proposed(room, 422, kind="AMENDMENT"))["errors"][0]["field"] == "/kind"
    again = await proposed(room)
    assert (again["edition"], [step["status"] for step in again["steps"]]) == (
        1,
        ["PROPOSED", "SUBMITTED_TO_ASSEMBLY", "RETURNED", "PROPOSED"],
    )
    assert again["plan_hash"] != first["plan_hash"]
    assert again["plan_hash"] == (await shown(room, PLAN))["hash"]
    acts = read_document(await document_of(room)).cover.acts
    assert len(acts) == 2, "only of what is proposed now"
    await walked(room, *TO_APPROVAL)


async def test_approving_the_next_edition_supersedes_the_one_before(room: Room) -> None:
    await proposed(room)
    assert "non ammette ora" in (await proposed(room, 409, kind="YEARLY_UPDATE"))["detail"]
    await walked(room, *TO_APPROVAL)
    assert "approvato" in (await proposed(room, 409, kind="YEARLY_UPDATE"))["detail"]
    await walked(room, *TO_PUBLICATION[2:])
    assert (await proposed(room, 422))["errors"][0]["field"] == "/kind"
    second = await proposed(room, kind="YEARLY_UPDATE")
    assert second["edition"] == 2
    await taken(room, "SUBMITTED_TO_ASSEMBLY", 2)
    assert (await shown(room, f"{EDITIONS}/1"))["status"] == "PUBLISHED"
    before = len(await told(room))
    await taken(room, "APPROVED", 2)
    first = await shown(room, f"{EDITIONS}/1")
    assert (first["status"], first["steps"][-1]["acts"]) == ("SUPERSEDED", [resolution(), executive()])
    assert [(event.edition, event.status) for event in (await told(room))[before:]] == [
        (2, PlanStatus.APPROVED),
        (1, PlanStatus.SUPERSEDED),
    ]
    assert "superata dall’edizione 2" in read_document(await document_of(room, 1)).cover.acts[-1]


@pytest.mark.parametrize(
    ("step", "changes", "field"),
    [
        ("APPROVED", {"acts": []}, "/acts"),
        ("APPROVED", lambda: {"acts": [executive()]}, "/acts"),
        ("APPROVED", lambda: {"acts": [resolution(on=day(1))]}, "/acts/0/on"),
        ("APPROVED", lambda: {"acts": [resolution(), resolution(organ="LEAD_OFFICE")]}, "/acts/1/organ"),
        ("APPROVED", lambda: {"acts": [resolution(number="")]}, "/acts/0/number"),
        ("APPROVED", lambda: {"on": day(-1)}, "/on"),
        ("APPROVED", lambda: {"on": day(1)}, "/on"),
        ("APPROVED", {"reason": "perché sì"}, "/reason"),
        ("APPROVED", {"office": "Mario Rossi"}, "/office"),
        ("RETURNED", {"reason": None}, "/reason"),
        ("APPROVED", {"office": "HOUSING_OFFICE"}, "/office"),
        ("SUPERSEDED", {"office": "ASSEMBLY_SECRETARIAT"}, "/status"),
        ("PROPOSED", {}, "/status"),
    ],
)
async def test_what_a_step_lacks_is_refused_with_its_field(
    room: Room, step: str, changes: dict[str, Any] | Callable[[], dict[str, Any]], field: str
) -> None:
    await proposed(room)
    await taken(room, "SUBMITTED_TO_ASSEMBLY")
    told = changes() if callable(changes) else changes
    [error] = (await taken(room, step, status=422, **told))["errors"]
    assert error["field"] == field
    assert error["rule"]
    assert error["remedy"]
    assert (await shown(room, f"{EDITIONS}/1"))["status"] == "SUBMITTED_TO_ASSEMBLY"


async def test_a_step_out_of_turn_is_told_what_has_happened(room: Room) -> None:
    await proposed(room)
    for step in ("APPROVED", "RETURNED", "TRANSMITTED_TO_REGION", "PUBLISHED"):
        problem = await taken(room, step, status=409)
        assert problem["type"] == "urn:pianovivo:problem:step-out-of-turn"
        assert "L’ufficio casa del Comune capofila ha proposto il Piano 2026–2028" in problem["detail"]
    assert len(await room.rows(EditionStepRow)) == 1


async def test_of_two_clerks_at_once_one_is_first_and_the_other_hears_of_it(room: Room) -> None:
    await proposed(room)
    await taken(room, "SUBMITTED_TO_ASSEMBLY")
    ways = [{"status": "APPROVED", "acts": [resolution()]}, {"status": "RETURNED", "reason": "da rivedere"}] * 3
    common = {"on": day(), "office": "ASSEMBLY_SECRETARIAT"}
    async with room.client(SECRETARY) as client:
        answers = await asyncio.gather(*(client.post(step_path("APPROVED"), json=common | way) for way in ways))
    assert sorted(answer.status_code for answer in answers) == [201, *(409,) * 5]
    [won] = [answer.json()["status"] for answer in answers if answer.status_code == 201]
    word = {"APPROVED": "ha approvato", "RETURNED": "ha rinviato"}[won]
    assert all(word in answer.json()["detail"] for answer in answers if answer.status_code == 409)
    assert len(await told(room)) == 3


async def test_repeated_under_one_key_a_step_is_taken_once(room: Room, registry: TestRegistry) -> None:
    first = await proposed(room, key="proposta")
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])
    assert await proposed(room, key="proposta") == first
    step = await taken(room, "SUBMITTED_TO_ASSEMBLY", key="seduta")
    assert await taken(room, "SUBMITTED_TO_ASSEMBLY", key="seduta") == step
    assert len(await told(room)) == 2


async def test_a_plan_that_moved_since_it_was_read_is_not_proposed(room: Room) -> None:
    version = (await shown(room, PLAN))["version"]
    assert f"alla versione {version}" in (await proposed(room, 409, version=version + 1))["detail"]
    await proposed(room, version=version)


async def test_the_lead_proposes_and_sends_and_the_secretary_records_the_vote(room: Room) -> None:
    others = [TOWN, *(("regione", role) for role in (Role.REGION, Role.OPERATOR, Role.OWNER, Role.TECHNICAL_PARTNER))]
    others = [(name if "-" in name else f"{name}-lombardia", role) for name, role in others]
    for who in (*others, SECRETARY):
        await proposed(room, 403, who)
    assert [error["field"] for error in (await proposed(room, 422, office="ASSEMBLY_SECRETARIAT"))["errors"]] == [
        "/office"
    ]
    await proposed(room)
    for step in TO_PUBLICATION:
        for who in (*others, SECRETARY if step in STEPS else LEAD):
            await taken(room, step, status=403, who=who)
        await taken(room, step)
    for who in (*others, SECRETARY):
        assert (await shown(room, who=who))["items"][0]["status"] == "PUBLISHED"
    async with room.client(LEAD, ambito="altrove") as client:
        assert (await client.get(EDITIONS)).status_code == 404
        step = {"on": day(), "office": "MAYOR"}
        assert (await client.post(step_path("PUBLISHED"), json=step)).status_code == 404


async def test_an_edition_that_is_not_there_is_not_found(room: Room) -> None:
    await taken(room, "SUBMITTED_TO_ASSEMBLY", 7, 404)
    async with room.client(LEAD) as client:
        for path in ("", "/steps", "/document", "/package"):
            assert (await client.get(f"{EDITIONS}/7{path}")).status_code == 404
        assert (await client.get(f"{PLAN}/drift?from_edition=7")).status_code == 404


async def test_drift_from_the_approved_plan_is_the_signed_list_of_causes(room: Room, registry: TestRegistry) -> None:
    await proposed(room)
    edition = await walked(room, *TO_APPROVAL)
    path = edition["_links"]["drift"]
    assert (await shown(room, path))["items"] == []
    registry.report("H0", "unit-assigned", UnitStatus.OCCUPIED, today_in_italy())
    await room.hear(registry.sent[-1:])
    found = await shown(room, path)
    assert (found["before_hash"], found["hash"]) == (edition["plan_hash"], (await shown(room, PLAN))["hash"])
    kinds = [reason["kind"] for reason in found["reasons"]]
    assert sorted(kinds) == ["time", "unit-assigned"]
    [free] = [item for item in found["items"] if item["id"] == f"{CREMONA}:-:free_assignable:-"]
    assert (free["before"], free["after"]) == (2, 1)
    assert free["amounts"] == [{"reason": kinds.index("unit-assigned"), "amount": -1}]
    for item in found["items"]:
        assert item["after"] - item["before"] == sum(one["amount"] for one in item["amounts"])


class Model:
    """Editions as a plain list of statuses, by the sentences of domain.md §4."""

    def __init__(self) -> None:
        self.editions: list[list[str]] = []

    def proposes(self) -> bool:
        last = self.editions[-1][-1] if self.editions else "PUBLISHED"
        if last not in ("RETURNED", "PUBLISHED"):
            return False
        if last == "PUBLISHED":
            self.editions.append([])
        self.editions[-1].append("PROPOSED")
        return True

    def takes(self, number: int, status: str) -> bool:
        follows = {
            "PROPOSED": ["SUBMITTED_TO_ASSEMBLY"],
            "SUBMITTED_TO_ASSEMBLY": ["APPROVED", "RETURNED"],
            "APPROVED": ["TRANSMITTED_TO_REGION"],
            "TRANSMITTED_TO_REGION": ["PUBLISHED"],
        }
        steps = self.editions[number - 1]
        if status not in follows.get(steps[-1], []):
            return False
        steps.append(status)
        if status == "APPROVED" and number > 1:
            self.editions[number - 2].append("SUPERSEDED")
        return True


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_tried_the_store_is_as_a_plain_model_says(room: Room, seed: int) -> None:
    chance, model = Random(seed), Model()
    for _ in range(60):
        if not model.editions or chance.random() < 0.25:
            again = bool(model.editions) and model.editions[-1][-1] == "RETURNED"
            number = len(model.editions) + (0 if again else 1)
            kind = "TRIENNIAL" if number <= 1 else "AMENDMENT"
            await proposed(room, 201 if model.proposes() else 409, kind=kind)
        else:
            number, status = chance.randint(1, len(model.editions)), chance.choice(["RETURNED", *TO_PUBLICATION])
            await taken(room, status, number, 201 if model.takes(number, status) else 409)
        held = [[step["status"] for step in edition["steps"]] for edition in (await shown(room))["items"]]
        assert held == model.editions
    assert len(await told(room)) == sum(map(len, model.editions))
