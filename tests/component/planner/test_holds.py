"""Holds over HTTP: who may, what is refused, what the plan makes of it, and that nothing is written twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.planner.domain.holds import Entry, LedgerAccount, balances
from services.planner.tables import EntryRow, HoldRow
from shared.auth import Role
from shared.events import HoldDeclined, HoldExpired, HoldPlaced, UnitStatus
from tests.support.planner_room import HOLDS, LEAD, TOWN, Room, cases_of, registry_of, standing
from tests.unit.planner.worlds import TestRegistry, case_closed, case_opened

OWNER = ("aler", Role.OWNER)


@pytest.fixture
def registry() -> TestRegistry:
    """H0 and H1 are set aside."""
    return registry_of()


@pytest.fixture
async def room(tmp_path: Path, registry: TestRegistry) -> AsyncIterator[Room]:
    """C0 is of Castelverde, C1 of Cremona, which leads."""
    async with standing(tmp_path, [*registry.sent, *cases_of()]) as room:
        yield room


async def placed(room: Room, unit_id: str = "H0", case_ref: str = "C0", **headers: str) -> dict[str, Any]:
    async with room.client() as client:
        answer = await client.post(HOLDS, json={"unit_id": unit_id, "case_ref": case_ref}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{HOLDS}/{answer.json()['id']}"
    return answer.json()  # type: ignore[no-any-return]


async def refused(room: Room, path: str, body: object = None, who: tuple[str, Role] = TOWN) -> tuple[int, str, str]:
    async with room.client(who) as client:
        answer = await client.post(path, json=body)
    problem = answer.json()
    return answer.status_code, problem["type"].removeprefix("urn:pianovivo:problem:"), problem["detail"]


async def test_a_hold_takes_the_home_out_of_the_plan_and_is_told(room: Room) -> None:
    assert await room.offers() == {"C0": "H0", "C1": "H1"}
    hold = await placed(room, "H1", "C0")
    assert hold["status"] == "HELD"
    placed_at, expires_at = (datetime.fromisoformat(hold[name]) for name in ("placed_at", "expires_at"))
    assert expires_at - placed_at == timedelta(hours=72)
    (said,) = await room.said()
    assert isinstance(said.event, HoldPlaced)
    assert (said.event.revision, said.event.unit_id, said.event.case_ref) == (1, "H1", "C0")
    assert (said.envelope.organisation, said.envelope.ambito) == ("comune-019025", "cremonese")
    await room.hear_back()
    assert await room.offers() == {"C1": "H0"}


async def test_a_home_that_is_held_is_refused_with_who_holds_it_and_until_when(room: Room) -> None:
    hold = await placed(room)
    until = datetime.fromisoformat(hold["expires_at"]).astimezone(ZoneInfo("Europe/Rome"))
    assert await refused(room, HOLDS, {"unit_id": "H0", "case_ref": "C1"}, LEAD) == (
        *(409, "home-held"),
        f"L’alloggio H0 è prenotato da comune-019025 fino al {until:%d/%m/%Y %H:%M}.",
    )
    assert await refused(room, HOLDS, {"unit_id": "H1", "case_ref": "C0"}, LEAD) == (
        *(409, "case-provided"),
        "Per il caso C0 c’è già l’alloggio H0, prenotato da comune-019025.",
    )
    assert len(await room.rows(HoldRow)) == 1


async def test_an_accepted_home_is_nobody_else_s_until_it_is_given_back(room: Room) -> None:
    path = f"{HOLDS}/{(await placed(room))['id']}"
    async with room.client() as client:
        assert (await client.post(f"{path}/accept")).json()["status"] == "ACCEPTED"
    assert await refused(room, HOLDS, {"unit_id": "H0", "case_ref": "C1"}, LEAD) == (
        *(409, "home-held"),
        "L’alloggio H0 è già assegnato: lo ha prenotato comune-019025.",
    )
    assert (await refused(room, f"{path}/accept"))[1:] == ("hold-decided", "La prenotazione è già stata accettata.")
    await room.let_expire(datetime.now(UTC))
    await room.hear_back()
    assert await room.offers() == {"C1": "H1"}
    async with room.client(LEAD) as client:
        assert (await client.post(f"{path}/return")).json()["status"] == "RETURNED"
    await room.hear_back()
    assert await room.offers() == {"C0": "H0", "C1": "H1"}


async def test_a_placement_ends_when_the_owner_reports_that_the_stay_has_ended(
    room: Room, registry: TestRegistry
) -> None:
    path = f"{HOLDS}/{(await placed(room))['id']}"
    async with room.client() as client:
        await client.post(f"{path}/accept")
    await room.hear_back()
    for kind, status in (("sat-assigned", UnitStatus.OCCUPIED_SAT), ("sat-ended", UnitStatus.FREE_ASSIGNABLE)):
        registry.report("H0", kind, status, date(2026, 2, 1))
        await room.hear(registry.sent[-1:])
    async with room.client() as client:
        assert (await client.get(path)).json()["status"] == "RETURNED"
    await room.hear_back()
    assert sorted((await room.offers()).values()) == ["H0", "H1"]


async def test_a_home_that_was_squatted_meanwhile_cannot_be_accepted(room: Room, registry: TestRegistry) -> None:
    path = f"{HOLDS}/{(await placed(room))['id']}"
    registry.report("H0", "unit-occupied-without-title", UnitStatus.OCCUPIED_WITHOUT_TITLE, date(2026, 2, 1))
    await room.hear(registry.sent[-1:])
    assert (await refused(room, f"{path}/accept"))[:2] == (409, "home-gone")
    async with room.client() as client:
        assert (await client.post(f"{path}/decline", json={"reason": "OTHER"})).status_code == 200
    await placed(room, "H1", "C0")


async def test_declining_needs_a_reason_and_gives_the_home_back(room: Room) -> None:
    path = f"{HOLDS}/{(await placed(room))['id']}/decline"
    assert (await refused(room, path, {}))[0] == 422
    assert (await refused(room, path, {"reason": "Mario Rossi non vuole"}))[0] == 422
    async with room.client() as client:
        hold = (await client.post(path, json={"reason": "HOME_UNSUITABLE"})).json()
    assert (hold["status"], hold["reason"]) == ("DECLINED", "HOME_UNSUITABLE")
    said = (await room.said())[-1].event
    assert isinstance(said, HoldDeclined)
    assert (said.revision, said.reason) == (2, "HOME_UNSUITABLE")
    await placed(room, "H0", "C0")


async def test_a_hold_that_has_run_out_is_shown_so_and_frees_the_home_for_the_next(room: Room) -> None:
    first = await placed(room)
    ended = datetime.now(UTC)
    await room.let_expire(ended)
    async with room.client() as client:
        shown = (await client.get(f"{HOLDS}/{first['id']}")).json()
        assert (shown["status"], datetime.fromisoformat(shown["decided_at"])) == ("EXPIRED", ended)
    assert (await refused(room, f"{HOLDS}/{first['id']}/accept"))[1:] == ("hold-decided", "La prenotazione è scaduta.")
    async with room.client(LEAD) as client:
        assert (await client.post(HOLDS, json={"unit_id": "H0", "case_ref": "C1"})).status_code == 201
    kinds = [(type(message.event).__name__, message.event.revision) for message in await room.said()]  # type: ignore[attr-defined]
    assert kinds == [("HoldPlaced", 1), ("HoldExpired", 2), ("HoldPlaced", 3)]


async def test_the_plan_notices_by_the_next_thing_it_hears_that_a_hold_has_run_out(room: Room) -> None:
    await placed(room)
    ends = datetime(2100, 1, 1, tzinfo=UTC)
    await room.let_expire(ends)
    (held,) = await room.said()
    await room.hear([held._replace(event=held.event.having({"expires_at": ends}))])
    for number, hours in enumerate((-1, 0, 1), start=1):
        case = case_opened(f"LATER{number}", 95_000 + number, people=6)
        await room.hear([case._replace(envelope=case.envelope._replace(time=ends + timedelta(hours=hours)))])
        expired = [message for message in await room.said() if isinstance(message.event, HoldExpired)]
        assert len(expired) == (0 if hours < 0 else 1)
    assert await room.offers() == {"C1": "H1"}
    assert (expired[0].envelope.time, expired[0].event.on) == (ends, date(2100, 1, 1))  # type: ignore[attr-defined]
    await room.hear(expired)
    assert await room.offers() == {"C0": "H0", "C1": "H1"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"unit_id": "L0", "case_ref": "C0"}, "/unit_id"),
        ({"unit_id": "X9", "case_ref": "C0"}, "/unit_id"),
        ({"unit_id": "H0", "case_ref": "C9"}, "/case_ref"),
        ({"unit_id": "H0", "case_ref": "C1"}, "/case_ref"),
        ({"unit_id": "H0", "case_ref": "LARGE"}, "/unit_id"),
        ({"unit_id": "H0", "case_ref": "GONE"}, "/case_ref"),
        ({"unit_id": "H0"}, "/case_ref"),
    ],
)
async def test_what_cannot_be_held_is_refused_with_the_field(room: Room, body: dict[str, str], field: str) -> None:
    # H0 has 60 m2: at most four people (R.R. 4/2017, art. 9).
    await room.hear(
        [
            case_opened("LARGE", 95_001, municipality="019025", people=5),
            case_opened("GONE", 95_002, municipality="019025"),
        ]
    )
    await room.hear([case_closed("GONE", 95_003)])
    async with room.client() as client:
        answer = await client.post(HOLDS, json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await room.rows(HoldRow) == []


async def test_an_owner_s_limit_holds_for_holds_too(tmp_path: Path) -> None:
    # 20 + 3 homes: floor(2.3) = 2 may be set aside.
    async with standing(tmp_path, [*registry_of(3, set_aside=False).sent, *cases_of(6)]) as room:
        await placed(room, "H0", "C0")
        await placed(room, "H1", "C2")
        assert await refused(room, HOLDS, {"unit_id": "H2", "case_ref": "C4"}) == (
            *(409, "sat-cap-reached"),
            "aler ha raggiunto il limite di 2 alloggi per i servizi abitativi transitori.",
        )


@pytest.mark.parametrize("role", [Role.OWNER, Role.REGION, Role.OPERATOR, Role.TECHNICAL_PARTNER])
async def test_only_municipalities_decide(room: Room, role: Role) -> None:
    who = ("azienda-sociale", role)
    assert (await refused(room, HOLDS, {"unit_id": "H0", "case_ref": "C0"}, who))[0] == 403
    hold = await placed(room)
    assert (await refused(room, f"{HOLDS}/{hold['id']}/accept", None, who))[0] == 403


async def test_each_reads_what_concerns_it(room: Room) -> None:
    path = f"{HOLDS}/{(await placed(room))['id']}"
    stranger, other_owner = ("comune-019098", Role.MUNICIPALITY), ("aler-altra", Role.OWNER)
    for who in (TOWN, LEAD, ("azienda-sociale", Role.TECHNICAL_PARTNER)):
        async with room.client(who) as client:
            assert len((await client.get(HOLDS)).json()["items"]) == 1
            assert (await client.get(path)).status_code == 200
    for who in (stranger, other_owner):
        async with room.client(who) as client:
            assert (await client.get(HOLDS)).json()["items"] == []
            assert (await client.get(path)).status_code == 404
    async with room.client(("regione-lombardia", Role.REGION)) as client:
        assert (await client.get(HOLDS)).status_code == (await client.get(path)).status_code == 403
    assert (await refused(room, f"{path}/accept", None, stranger))[0] == 404
    async with room.client(LEAD, ambito="altrove") as client:
        assert (await client.get(HOLDS)).status_code == (await client.get(path)).status_code == 404


async def test_the_listing_goes_on_where_the_page_ended(room: Room) -> None:
    for _ in range(5):
        hold = await placed(room)
        async with room.client() as client:
            await client.post(f"{HOLDS}/{hold['id']}/decline", json={"reason": "MISTAKE"})
    seen, path = [], f"{HOLDS}?limit=2"
    async with room.client() as client:
        while path:
            page = (await client.get(path)).json()
            assert len(page["items"]) <= 2
            seen += page["items"]
            path = page["_links"]["next"]
    assert len({hold["id"] for hold in seen}) == len(seen) == 5
    assert seen == sorted(seen, key=lambda hold: hold["placed_at"], reverse=True)


async def test_a_repeated_request_holds_once(room: Room) -> None:
    first, again = [await placed(room, **{"Idempotency-Key": "caso-0-alloggio-0"}) for _ in range(2)]
    assert first == again
    assert len(await room.said()) == 1


async def test_the_ledger_keeps_every_step_and_sums_to_zero(room: Room) -> None:
    hold = await placed(room)
    async with room.client() as client:
        await client.post(f"{HOLDS}/{hold['id']}/decline", json={"reason": "OTHER"})
        again = await placed(room)
        await client.post(f"{HOLDS}/{again['id']}/accept")
    rows = await room.rows(EntryRow, EntryRow.revision, EntryRow.amount)
    assert [(row.revision, row.account, row.amount, row.hold_id == hold) for row in rows] == [
        (number, account, amount, False)
        for number, pair in enumerate(("FREE HELD", "HELD RETURNED", "RETURNED HELD", "HELD PLACED"), start=1)
        for account, amount in zip(pair.split(), (-1, 1), strict=True)
    ]
    balance = balances(Entry(LedgerAccount(row.account), row.amount) for row in rows)
    assert balance == {
        LedgerAccount.FREE: -1,
        LedgerAccount.HELD: 0,
        LedgerAccount.PLACED: 1,
        LedgerAccount.RETURNED: 0,
    }
