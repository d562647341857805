"""From a recomputed plan to notices: who is told what, from which value on, and only once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event

from services.notifier.store import PlanNotice
from services.notifier.tables import NoticeRow, ToldRow
from shared.auth import Role
from shared.events import MunicipalityChange, NoticeDelivered
from shared.rebuild import rebuild
from shared.sql import table_of
from shared.territory import ambito
from tests.component.notifier.room import (
    AMBITO,
    CASTELVERDE,
    CREMONA,
    NOW,
    Room,
    change,
    count,
    mean,
    opened,
    recomputed,
    vacated,
)

CREMONAS, CASTELVERDES = f"comune-{CREMONA}", f"comune-{CASTELVERDE}"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as ready:
        yield ready


async def test_a_changed_municipality_is_told_in_italian_and_every_other_is_not(room: Room) -> None:
    figures = mean(9000, 10000), mean(27000, 28000, year=2028), count(1203, 1204)
    await room.consume(recomputed(7, change(CREMONA, *figures)))
    [notice] = await room.rows(NoticeRow)
    assert (notice.organisation, notice.ambito, notice.plan_version) == (CREMONAS, AMBITO, 7)
    assert notice.created_at == NOW
    assert notice.subject == "Cremona: cambiano 3 numeri del piano"
    assert notice.text.splitlines() == [
        "Alloggi assegnabili nel 2027: da 9,0 a 10,0",
        "Alloggi assegnabili nel 2028: da 27,0 a 28,0",
        "Alloggi liberi assegnabili: da 1.203 a 1.204",
        "perché ALER ha comunicato il rilascio dell’alloggio SIM-1 (23 novembre 2026)",
    ]
    assert MunicipalityChange.model_validate_json(notice.change) == change(CREMONA, *figures)


async def test_each_municipality_of_a_plan_gets_its_own_notice(room: Room) -> None:
    codes = [municipality.istat_code for municipality in ambito(AMBITO).municipalities]
    await room.consume(recomputed(1, *(change(code, count(1, 2)) for code in codes)))
    told = {(row.organisation, row.subject) for row in await room.rows(NoticeRow)}
    names = {f"comune-{m.istat_code}": m.name for m in ambito(AMBITO).municipalities}
    assert told == {(who, f"{name}: cambia 1 numero del piano") for who, name in names.items()}


async def test_a_repeated_record_and_a_rebuild_tell_nothing_again(room: Room) -> None:
    first, second = recomputed(1, change(CREMONA, mean(9000, 10000))), recomputed(2, change(CREMONA, mean(10000, 9000)))
    await room.consume(first, first, second)
    await room.consume(first)
    before = await room.said()
    await rebuild(room.runtime)
    # The inbox is forgotten and the topic comes again; the old value 10,0 would be news after 9,0.
    await room.consume(first, second)
    assert [notice.plan_version for notice in await room.notices()] == [1, 2]
    assert await room.said() == before


async def test_a_replay_into_an_empty_database_derives_the_same_identifiers(room: Room, tmp_path: Path) -> None:
    records = [recomputed(1, change(CREMONA, mean(9000, 10000)), change(CASTELVERDE, count(0, 1)))]
    await room.consume(*records)
    async with opened(tmp_path / "other") as other:
        await other.consume(*records)
        assert await other.rows(NoticeRow, NoticeRow.id) == await room.rows(NoticeRow, NoticeRow.id)
        assert await other.said() == await room.said()


async def test_the_bus_hears_of_every_notice_put_into_an_inbox(room: Room) -> None:
    record = recomputed(1, change(CREMONA, count(0, 1)))
    await room.consume(record)
    [notice], [message] = await room.notices(), await room.said()
    assert message.event == NoticeDelivered(notice_id=notice.id, organisation=CREMONAS, channel="inbox", attempts=1)
    assert (message.envelope.causation_id, message.envelope.time) == (notice.cause_id, NOW)


@pytest.mark.parametrize("batch", [1, 10])
async def test_small_steps_add_up_until_they_reach_the_threshold(room: Room, batch: int) -> None:
    """Ten steps of 0.05 from 9.00: every second one is told, counted from the value last told."""
    steps = [recomputed(n, change(CREMONA, mean(8950 + 50 * n, 9000 + 50 * n))) for n in range(1, 11)]
    for first in range(0, 10, batch):
        await room.consume(*steps[first : first + batch])
    told = [
        (row.plan_version, MunicipalityChange.model_validate_json(row.change or "")) for row in await room.notices()
    ]
    assert [(version, it.figures[0].before, it.figures[0].after) for version, it in told] == [
        (2, 9000, 9100),
        (4, 9100, 9200),
        (6, 9200, 9300),
        (8, 9300, 9400),
        (10, 9400, 9500),
    ]


async def test_a_figure_that_trembles_is_never_told(room: Room) -> None:
    up, down = mean(9000, 9099), mean(9099, 9000)
    for version in range(1, 9):
        await room.consume(recomputed(version, change(CREMONA, up if version % 2 else down)))
    assert await room.notices() == []
    [told] = await room.rows(ToldRow)
    assert json.loads(told.figures) == {"assignable_mean//2027": 9000}


async def test_an_organisation_hears_of_all_owners_figures_and_of_its_own(room: Room) -> None:
    figures = count(3, 5), count(1, 2, owner=CREMONAS), count(2, 3, owner="aler-bcm")
    await room.consume(recomputed(1, change(CREMONA, *figures)))
    [notice] = await room.notices()
    assert notice.text.splitlines()[:-1] == [
        "Alloggi liberi assegnabili: da 3 a 5",
        "Alloggi liberi assegnabili (di vostra proprietà): da 1 a 2",
    ]


async def test_a_threshold_of_one_home_keeps_smaller_changes_quiet(room: Room) -> None:
    async with room.client("aler-bcm", Role.OWNER) as aler:
        body = {"channel": "inbox", "municipalities": "all", "threshold": 1}
        assert (await aler.post("/subscriptions", json=body)).status_code == 201
    await room.consume(recomputed(1, change(CREMONA, mean(9000, 9999)), change(CASTELVERDE, mean(9000, 10000))))
    [notice] = await room.notices("aler-bcm")
    assert notice.subject == "Castelverde: cambia 1 numero del piano"
    assert len(await room.notices(CREMONAS)) == len(await room.notices(CASTELVERDES)) == 1


async def test_two_subscriptions_of_one_organisation_give_one_notice_with_the_figures_of_both(room: Room) -> None:
    async with room.client() as client:
        for threshold in ("0.5", "2"):
            body = {"channel": "inbox", "municipalities": "all", "threshold": threshold}
            await client.post("/subscriptions", json=body)
    await room.consume(recomputed(1, change(CREMONA, mean(9000, 9700), mean(20000, 22000, year=2028))))
    [notice] = await room.notices()
    assert notice.subject == "Cremona: cambiano 2 numeri del piano"


async def test_whoever_ends_the_default_subscription_is_told_no_more(room: Room) -> None:
    async with room.client() as client:
        [default] = (await client.get("/subscriptions")).json()["items"]
        assert (default["municipalities"], default["threshold"]) == ([CREMONA], "0.1")
        assert (await client.delete(f"/subscriptions/{default['id']}")).status_code == 204
        assert (await client.get("/subscriptions")).json()["items"] == []
        assert (await client.delete(f"/subscriptions/{default['id']}")).status_code == 404
    await room.consume(recomputed(1, change(CREMONA, count(0, 1)), change(CASTELVERDE, count(0, 1))))
    assert [notice.organisation for notice in await room.rows(NoticeRow)] == [CASTELVERDES]


async def test_an_ambito_without_territory_has_no_default_subscribers_and_no_failure(room: Room) -> None:
    await room.consume(recomputed(1, change(CREMONA, count(0, 1)), code="altro"))
    assert await room.rows(NoticeRow) == []


async def test_the_first_causes_are_told_and_the_rest_counted(room: Room) -> None:
    causes = [vacated(CASTELVERDE if n == 0 else CREMONA, f"SIM-{n}", CREMONAS if n == 1 else None) for n in range(7)]
    await room.consume(recomputed(1, change(CREMONA, count(0, 1), causes=causes)))
    [notice] = await room.notices()
    reasons = notice.text.splitlines()[1:]
    assert reasons[0] == (
        "perché è stata ricevuta la comunicazione: il rilascio dell’alloggio SIM-0 a Castelverde (23 novembre 2026)"
    )
    assert reasons[1].startswith("perché il Comune di Cremona ha comunicato il rilascio dell’alloggio SIM-1 (")
    assert (len(reasons), reasons[-1]) == (6, "e per altre 2 comunicazioni")


def test_what_is_inserted_has_the_columns_of_its_row_in_their_order() -> None:
    assert list(PlanNotice._fields) == list(table_of(NoticeRow).columns.keys())


async def test_a_plan_of_48_municipalities_costs_as_many_statements_as_one(room: Room) -> None:
    statements: list[str] = []
    event.listen(room.runtime.db.engine.sync_engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    await room.consume(recomputed(1, change(CREMONA, count(0, 1))))
    of_one, _ = len(statements), statements.clear()
    codes = [municipality.istat_code for municipality in ambito(AMBITO).municipalities]
    await room.consume(recomputed(2, *(change(code, count(1, 2), mean(0, 1000)) for code in codes)))
    assert (len(statements), len(await room.rows(NoticeRow))) == (of_one, 1 + 48)
