"""`pianovivo planner rehearse`: who moves under rules to come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.planner.cli.files import configured_home, day, refusal, text_of
from services.planner.cli.published import AsJson
from services.planner.domain.plan import reference_date
from services.planner.domain.rehearsal import Rehearsal, Shift, rehearse
from services.planner.domain.state import PlanState
from services.planner.handlers import method_of
from services.planner.law import Overlay, RulesFault, parameters, read_overlay, rules_on
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from shared.db import Database
from shared.territory import UnknownAmbitoError, ambito, names_of
from shared.wording import organisation_name


def rehearse_command(
    rules: Annotated[Path, typer.Option(help="The rules to come, as YAML.", exists=True, dir_okay=False)],
    ambiti: Annotated[list[str] | None, typer.Option("--ambito", help="Only this plan; may be repeated.")] = None,
    on: Annotated[
        str | None, typer.Option(help="Day of the law, YYYY-MM-DD; without it the day all is in force")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who moves when rules change, before they do: each plan by the law of a day and with the file over it."""
    try:
        overlay = read_overlay(text_of(rules), str(rules), parameters())
    except RulesFault as error:
        raise refusal(str(error)) from None
    by_law_of = day(on) if on else None
    configured = configured_home()
    states = asyncio.run(_states(configured, ambiti))
    if unknown := sorted(set(ambiti or ()) - {state.ambito for state in states}):
        raise refusal(f"there is no plan of {', '.join(unknown)}")
    rehearsals = [_rehearsed(state, configured, overlay, by_law_of) for state in states]
    if as_json:
        typer.echo(orjson.dumps([_rehearsal_as_json(one) for one in rehearsals], option=orjson.OPT_INDENT_2).decode())
        return
    for one in rehearsals:
        for line in _rehearsal_told(one):
            typer.echo(line)


def _rehearsed(state: PlanState, configured: PlannerSettings, overlay: Overlay, on: date | None) -> Rehearsal:
    triennium = method_of(configured).triennium
    reference_on = configured.planner_rules_on or reference_date(state, triennium)
    day = on or max((reference_on, *overlay.changes_on))
    laws = rules_on(day), rules_on(day, overlay)
    return rehearse(state, triennium, laws, names_of(state.ambito), _inhabitants(state.ambito))


async def _states(configured: PlannerSettings, ambiti: Sequence[str] | None) -> list[PlanState]:
    """The facts of each plan, read and never written."""
    db = Database(configured.url_for("planner"), "planner", application="pianovivo-planner-rehearse")
    bands = method_of(configured).bands
    try:
        async with db.reading() as session:
            wanted = [code for code in await store.planned_ambiti(session) if not ambiti or code in ambiti]
            return [await store.state_of(session, code, bands) for code in wanted]
    finally:
        await db.close()


def _inhabitants(code: str) -> Mapping[str, Mapping[int, int]]:
    try:
        return {one.istat_code: dict(one.population_history) for one in ambito(code).municipalities}
    except UnknownAmbitoError:
        return {}


def _rehearsal_told(rehearsal: Rehearsal) -> Iterator[str]:
    names = names_of(rehearsal.ambito)
    yield f"{rehearsal.ambito}, law of {rehearsal.on}: {len(rehearsal.shifts)} move"
    for parameter, before, after in rehearsal.parameters:
        yield f"  rule   {parameter}: {before.value} -> {after.value} ({after.article}, {after.status})"
    for warning in rehearsal.warnings:
        yield f"  note   {warning}"
    for shift in rehearsal.shifts:
        yield f"  {_shift_told(shift, names)}"


def _shift_told(shift: Shift, names: Mapping[str, str]) -> str:
    where = names.get(shift.municipality, shift.municipality) if shift.municipality else "ambito"
    whose = organisation_name(shift.owner, names).removeprefix("il ") if shift.owner else "all owners"
    before, after = ("–" if value is None else value for value in (shift.before, shift.after))
    return f"{shift.kind.lower():<6} {where}, {whose}, {shift.what}: {before} -> {after} ({'; '.join(shift.articles)})"


def _rehearsal_as_json(rehearsal: Rehearsal) -> dict[str, object]:
    return {
        "ambito": rehearsal.ambito,
        "on": rehearsal.on,
        "parameters": [
            {"parameter": name, "before": before.value, "after": after.value, "article": after.article}
            for name, before, after in rehearsal.parameters
        ],
        "shifts": [shift._asdict() for shift in rehearsal.shifts],
        "warnings": list(rehearsal.warnings),
    }
