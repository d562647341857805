"""What the plan says of the data it was given, on both database systems and as of any day."""

from __future__ import annotations

from services.planner.settings import PlannerSettings
from tests.support.installations import Installation
from tests.support.planner_room import LEAD, opened
from tests.unit.planner.test_remarks import misdeclared, remarks, row
from tests.unit.planner.worlds import AMBITO

CHECKS = f"/plans/{AMBITO}/checks"


async def test_each_remark_has_its_field_value_rule_and_remedy(installation: Installation) -> None:
    settings = PlannerSettings(**installation.environment | {"replica": "first", "planner_first_year": 2027})
    async with opened(settings) as room, room.client(LEAD) as client:
        await room.hear(misdeclared())
        page = (await client.get(CHECKS)).json()
        expected = [
            (one.check.code, one.field, one.check.value, one.check.rule.it, one.check.remedy.it)
            for one in remarks(misdeclared())
        ]
        told = [
            tuple(one[name] for name in ("code", "field", "value", "rule_it", "remedy_it")) for one in page["items"]
        ]
        assert told == expected
        assert {code for code, *_ in told} == {"V3", "V10", "V11", "V15", "V16", "V17"}
        assert page["item_count"] == 6
        first = (await client.get(f"{CHECKS}?code=V3&owner=aler")).json()
        assert [(one["code"], one["unit_count"]) for one in first["items"]] == [("V3", 24)]
        before = (await client.get(f"{CHECKS}?true_on=2026-11-04")).json()
        assert {one["code"] for one in before["items"]} == {"V15"}, "the row of 2026 came on 5 November"
        await room.hear([row(903, revision=2)])
        assert {one["code"] for one in (await client.get(CHECKS)).json()["items"]} == {"V15"}
