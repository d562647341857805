"""A plan that may be proposed, and its way through the offices over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.auth import Role
from shared.civil_time import today_in_italy
from shared.events import Message, OwnerKind, SubmissionDefaulted, SubmissionReceived
from shared.territory import municipality_organisation, names_of
from tests.support.planner_room import LEAD, SECRETARY, Room
from tests.unit.planner.worlds import AMBITO, CREMONA, START, message

EDITIONS = f"/plans/{AMBITO}/editions"
PROPOSAL = {"kind": "TRIENNIAL", "office": "HOUSING_OFFICE"}
TO_APPROVAL = ("SUBMITTED_TO_ASSEMBLY", "APPROVED")
TO_PUBLICATION = (*TO_APPROVAL, "TRANSMITTED_TO_REGION", "PUBLISHED")
STEPS = {"SUBMITTED_TO_ASSEMBLY": "submission", "TRANSMITTED_TO_REGION": "transmission", "PUBLISHED": "publication"}
"""Where each is recorded; everything else is a vote."""
EVERY_ROW = [*((code, municipality_organisation(code)) for code in sorted(names_of(AMBITO))), (CREMONA, "aler")]
"""Municipality and owner: each of the 48 municipalities, and ALER where `registry_of` has its homes."""


def day(after: int = 0) -> str:
    """Today, or so many days after it: a run of the tests may see midnight pass."""
    return (today_in_italy() + timedelta(days=after)).isoformat()


def resolution(**changes: Any) -> dict[str, Any]:
    """The assembly's, of today."""
    return {"organ": "ASSEMBLY_OF_MAYORS", "kind": "RESOLUTION", "number": "12", "on": day()} | changes


def executive() -> dict[str, Any]:
    return resolution(organ="MUNICIPAL_EXECUTIVE", number="210/2026")


def nil_rows(
    but: Collection[tuple[str, str]] = (), year: int = 2025, also: Sequence[tuple[str, str]] = ()
) -> list[Message]:
    """Nothing to declare, of every row but those, and of others."""
    rows = [*EVERY_ROW, *also]
    return [_nil(*key, year, 200_000 + place) for place, key in enumerate(rows) if key not in but]


def in_default(municipality: str, owner: str, number: int, year: int = 2025) -> Message:
    return message(
        SubmissionDefaulted(
            default_id=UUID(int=number),
            ambito=AMBITO,
            cycle_year=year,
            owner=owner,
            owner_kind=OwnerKind.MUNICIPALITY,
            municipality=municipality,
            recorded_on=START,
            reason="sollecitata due volte",
        ),
        number,
    )


async def proposed(room: Room, status: int = 201, who: tuple[str, Role] = LEAD, key: str = "", **changes: Any) -> Any:
    return await _posted(room, EDITIONS, PROPOSAL | changes, status, who, key)


async def taken(
    room: Room,
    step: str,
    edition: int = 1,
    status: int = 201,
    who: tuple[str, Role] | None = None,
    key: str = "",
    **told: Any,
) -> Any:
    """A step of today by whose it is, with what it must carry unless `told` says otherwise."""
    usual: dict[str, Any] = {"on": day(), "office": "HOUSING_OFFICE"}
    usual |= {} if step in STEPS else {"status": step, "office": "ASSEMBLY_SECRETARIAT"}
    usual |= {"acts": [resolution(), executive()]} if step == "APPROVED" else {}
    usual |= {"reason": "rivedere la parte quinta"} if step == "RETURNED" else {}
    usual_who = LEAD if step in STEPS else SECRETARY
    return await _posted(room, step_path(step, edition), usual | told, status, who or usual_who, key)


def step_path(step: str, edition: int = 1) -> str:
    return f"{EDITIONS}/{edition}/{STEPS.get(step, 'vote')}"


async def walked(room: Room, *steps: str, edition: int = 1) -> Any:
    """Every step in turn; gives the edition as it stands then."""
    found = None
    for step in steps:
        found = await taken(room, step, edition)
    return found


async def shown(room: Room, path: str = EDITIONS, who: tuple[str, Role] = LEAD) -> Any:
    async with room.client(who) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def document_of(room: Room, edition: int = 1, accept: str = "application/json") -> bytes:
    async with room.client(LEAD) as client:
        answer = await client.get(f"{EDITIONS}/{edition}/document", headers={"accept": accept})
    assert answer.status_code == 200, answer.text
    return answer.content


async def package_of(room: Room, edition: int = 1) -> bytes:
    async with room.client(LEAD) as client:
        answer = await client.get(f"{EDITIONS}/{edition}/package")
    assert answer.status_code == 200, answer.text
    return answer.content


async def _posted(room: Room, path: str, body: Any, status: int, who: tuple[str, Role], key: str) -> Any:
    headers = {"idempotency-key": key} if key else {}
    async with room.client(who) as client:
        answer = await client.post(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def _nil(municipality: str, owner: str, year: int, number: int) -> Message:
    kind = OwnerKind.ALER if owner == "aler" else OwnerKind.MUNICIPALITY
    return message(
        SubmissionReceived(
            submission_id=UUID(int=number),
            ambito=AMBITO,
            cycle_year=year,
            owner=owner,
            owner_kind=kind,
            municipality=municipality,
            revision=1,
            nil=True,
            columns=None,
            received_on=START,
            late=False,
        ),
        number,
    )
