"""Three-year data over HTTP: passed on and shown whole, told what it lacks, refused in both languages."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.intake.api.examples import COLUMNS, NIL, THREE_YEARS
from services.intake.domain.submissions import OF_STOCK, OF_TERRITORY
from services.intake.tables import SubmissionRow
from shared.auth import Role
from shared.db import Database
from shared.events import Confirmation, DisposalKind, ProgrammeKind, SubmissionReceived, ThreeYearData
from shared.migrate import migrate
from tests.component.intake.room import CREMONA, Room, opened
from tests.unit.intake.samples import changed


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def sent(room: Room, document: Any, language: str = "it") -> Any:
    async with room.lead() as client:
        return await client.post("/submissions", json=document, headers={"Accept-Language": language})


async def test_every_part_is_passed_on_and_shown_again(room: Room) -> None:
    answer = await sent(room, THREE_YEARS)
    assert answer.status_code == 201
    async with room.lead() as client:
        shown = (await client.get(answer.headers["location"])).json()
    for part in ThreeYearData.model_fields:
        said = shown["declaration"][part]
        assert said if part != "confirmations" else said == THREE_YEARS[part]
    assert shown["declaration"]["need"] == THREE_YEARS["need"]
    assert shown["declaration"]["programmes"] == THREE_YEARS["programmes"]
    [message] = await room.said()
    event = message.event
    assert isinstance(event, SubmissionReceived)
    assert event.forecast is not None
    assert [(year.year, year.turnover_expected) for year in event.forecast] == [(2027, 5), (2028, 5), (2029, 16)]
    assert event.programmes is not None
    assert [one.kind for one in event.programmes] == [ProgrammeKind.RECOVERY, ProgrammeKind.NEW_BUILD]
    assert event.disposals is not None
    assert event.disposals[0].kind is DisposalKind.SOLD
    assert event.confirmations == (
        Confirmation(field="/forecast/2/turnover_expected", reason="Trasferimento di un intero edificio"),
    )


async def test_the_region_and_the_operator_are_told_of_homes_but_of_no_household(room: Room) -> None:
    confirmed = {"field": "/need/eviction_orders", "reason": "un intero condominio"}
    answer = await sent(room, THREE_YEARS | {"confirmations": [*THREE_YEARS["confirmations"], confirmed]})
    for organisation, role in (("regione-lombardia", Role.REGION), ("gestore-impianto", Role.OPERATOR)):
        async with room.client(organisation, role) as client:
            shown = (await client.get(answer.headers["location"])).json()
            [listed] = (await client.get("/submissions")).json()["items"]
        assert listed == shown
        assert (shown["declaration"]["need"], shown["declaration"]["measures"]) == (None, None)
        assert shown["declaration"]["confirmations"] == THREE_YEARS["confirmations"]
        assert shown["declaration"]["programmes"] == THREE_YEARS["programmes"]


async def test_what_is_missing_makes_a_submission_incomplete_and_is_told(room: Room) -> None:
    whole, annual, nil = [(await sent(room, one)).json()["completeness"] for one in (THREE_YEARS, _annual(), NIL)]
    assert whole == {"complete": True, "missing": []}
    assert annual == {"complete": False, "missing": [*OF_STOCK, *OF_TERRITORY]}
    assert nil == {"complete": False, "missing": [*OF_TERRITORY]}


async def test_shares_are_told_in_homes(room: Room) -> None:
    # g = 21: 20 % of it is 4.2, at least: 5; 10 % is 2.1, up to: 2.
    document = changed(_annual(), {"/columns/forces_share": "0.10"})
    assert (await sent(room, document)).json()["quotas"] == {
        "indigence_units": 5,
        "forces_units": 2,
        "local_police_units": 0,
        "extra_category_units": 0,
    }
    assert (await sent(room, NIL)).json()["quotas"] is None


@pytest.mark.parametrize(
    ("language", "rule", "remedy"),
    [
        (
            "it",
            "V15: Riga 1, programma PR-2026-7: la fine prevista 01/01/2030 è fuori dal triennio (2027-2029).",
            "Correggere la data, o togliere l’intervento dal triennio.",
        ),
        (
            "en",
            "V15: Row 1, programme PR-2026-7: the expected end 2030-01-01 lies outside the triennium (2027-2029).",
            "Correct the date, or leave the programme out of the triennium.",
        ),
    ],
)
async def test_a_broken_rule_is_told_in_the_language_asked_for(
    room: Room, language: str, rule: str, remedy: str
) -> None:
    field = "/programmes/0/expected_completion_on"
    answer = await sent(room, changed(THREE_YEARS, {field: "2030-01-01"}), language)
    assert answer.status_code == 422
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert errors[field] == {"field": field, "value": "2030-01-01", "rule": rule, "remedy": remedy}
    assert await room.said() == []


async def test_the_caps_of_a_municipality_are_by_its_inhabitants(room: Room) -> None:
    # Cremona has more than 10,000 inhabitants (ISTAT, 1 January 2023): 5 % of 100 homes may be sold, not 6.
    answer = await sent(room, changed(THREE_YEARS, {"/disposals/0/units": 6}))
    assert [(error["field"], error["value"]) for error in answer.json()["errors"]] == [("/disposals", "6")]
    # Castelverde has between 5,001 and 10,000: 30 %.
    village = changed(THREE_YEARS, {"/disposals/0/units": 30, "/municipality": "019026"})
    async with room.town() as client:
        assert (await client.post("/submissions", json=village)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"/programmes/0/kind": None}, "/programmes/0/kind"),
        ({"/programmes/0/kind": "PAINTING"}, "/programmes/0/kind"),
        ({"/programmes/0/cost_eur": "-1"}, "/programmes/0/cost_eur"),
        ({"/disposals/0/units": 0}, "/disposals/0/units"),
        ({"/need/by_household_size": [1, 2, 3]}, "/need/by_household_size"),
        ({"/need/overcrowded": -1}, "/need/overcrowded"),
        ({"/confirmations/0/field": "turnover"}, "/confirmations/0/field"),
        ({"/confirmations/0/reason": ""}, "/confirmations/0/reason"),
    ],
)
async def test_what_has_the_wrong_form_is_named(room: Room, changes: dict[str, Any], field: str) -> None:
    answer = await sent(room, changed(THREE_YEARS, changes))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_later_revision_keeps_nothing_of_the_earlier_one(room: Room) -> None:
    await sent(room, THREE_YEARS)
    declaration = (await sent(room, _annual())).json()["declaration"]
    assert (declaration["revision"], declaration["need"], declaration["confirmations"]) == (2, None, [])


async def test_reasons_given_before_events_carried_them_are_kept(room: Room, tmp_path: Path) -> None:
    """The tables as they first were, with one confirmed and one ordinary row, brought to the newest form."""
    row = (await sent(room, _annual())).json()
    [kept] = await room.rows(SubmissionRow)
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}", "intake")
    first = tmp_path / "migrations"
    first.mkdir()
    shutil.copy(room.runtime.migrations / "intake_0001_what_owners_send.py", first)
    await migrate(db, first)
    insert = text(
        "INSERT INTO submission VALUES (:id, 'cremonese', 2026, 'comune-019036', '019036', :revision, NULL,"
        " 0, :body, :confirmations)"
    )
    told = ('{"turnover_expected":"Un edificio si svuota"}', '{"turnover_expected":null}')
    async with db.transaction() as session:
        for number, confirmations in enumerate(told, 1):
            values = {"id": f"{number:032x}", "revision": number, "body": kept.body, "confirmations": confirmations}
            await session.execute(insert, values)
    await migrate(db, room.runtime.migrations)
    async with db.reading() as session:
        bodies = (await session.execute(text("SELECT body FROM submission ORDER BY revision"))).scalars()
        confirmed, ordinary = [SubmissionReceived.read(body.encode()) for body in bodies]
    await db.close()
    assert confirmed.confirmations == (
        Confirmation(field="/columns/turnover_expected", reason="Un edificio si svuota"),
    )
    assert ordinary == SubmissionReceived.read(kept.body.encode())
    assert str(ordinary.submission_id) == row["id"]


def _annual() -> dict[str, Any]:
    return {"cycle_year": 2026, "municipality": CREMONA, "columns": COLUMNS}
