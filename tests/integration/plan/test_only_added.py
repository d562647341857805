"""What was published, heard, decided, chosen, aimed at and handed out: the database refuses to change it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.planner.settings import PlannerSettings
from tests.support.installations import Installation
from tests.support.planner_room import HOLDS, LEAD, cases_of, opened, registry_of

CHOICE = {
    "municipality": "019036",
    "owner": "aler-bcm",
    "year": 2027,
    "quantity": "TURNOVER",
    "basis": "MODEL",
    "reason": "due anni insieme",
}
CONTEST = {"figure": "019036:-:stock_total:-", "reason": "ne manca uno"}
COMMENT = {"place": "5/strategie", "text": "Manca l’obiettivo."}
OBJECTIVE = {
    "text": "assegnare gli alloggi liberi",
    "owner": "aler",
    "figure": "019036:-:stock_total:-",
    "target": 0,
    "due_on": "2099-12-31",
    "reason": "delibera",
}


async def test_nothing_that_was_written_once_can_be_changed_or_deleted(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first"})
    async with opened(settings) as room, room.client(LEAD) as client:
        await room.hear([*registry_of(1).sent, *cases_of(1)])
        held = await client.post(HOLDS, json={"unit_id": "H0", "case_ref": "C0"})
        chosen = await client.post(HOLDS.replace("holds", "choices"), json=CHOICE)
        aimed = await client.post(HOLDS.replace("holds", "objectives"), json=OBJECTIVE)
        contested = await client.post(HOLDS.replace("holds", "contests"), json=CONTEST)
        said = await client.post(HOLDS.replace("holds", "comments"), json=COMMENT)
        assert (contested.status_code, said.status_code) == (201, 201)
        data = {"accept": "application/json"}
        read = await client.get(HOLDS.replace("holds", "document"), headers=data)
        section = {"markdown": "Testo.", "office": "HOUSING_OFFICE", "revision": 0}
        told = await client.post(HOLDS.replace("holds", "texts/strategie/revisions"), json=section)
        assert [answer.status_code for answer in (held, chosen, aimed, read, told)] == [201, 201, 201, 200, 201]
        kept = (
            *("plan_version", "plan_journal", "hold_entry", "choice", "objective", "contest", "comment", "document"),
            "section_text",
        )
        for table in kept:
            for statement in (f"UPDATE {table} SET ambito = ambito", f"DELETE FROM {table}"):
                with pytest.raises(DBAPIError, match=f"rows of {table} are only ever added"):
                    async with room.runtime.db.transaction() as session:
                        await session.execute(text(statement))
        for statement in ("UPDATE log_key SET key = ''", "DELETE FROM log_key"):
            with pytest.raises(DBAPIError, match="rows of log_key are only ever added"):
                async with room.runtime.db.transaction() as session:
                    await session.execute(text(statement))
