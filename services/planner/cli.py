"""Commands of the planner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.planner.app import create_app, create_runtime
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import reference_date
from services.planner.domain.published import Finding, PublishedFault, check_published, read_published
from services.planner.domain.rehearsal import Rehearsal, Shift, rehearse
from services.planner.domain.state import PlanState
from services.planner.forecasting.commands import backtest_command, forecast_command
from services.planner.law import Overlay, RulesFault, parameters, read_overlay, rules_on
from services.planner.settings import PlannerSettings
from services.planner.store import plans as store
from shared import settings
from shared.commands import service_commands
from shared.db import Database
from shared.territory import UnknownAmbitoError, ambito, names_of
from shared.wording import organisation_name

app = service_commands("planner", PlannerSettings, create_app, create_runtime, "planner_port")
app.command("forecast")(forecast_command)
app.command("backtest")(backtest_command)
SourceFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document.")]


@app.command("check")
def check_command(file: SourceFile, as_json: AsJson = False) -> None:
    """Check published annual plans, a JSON file of cases with rows and checks: printed, computed, difference."""
    try:
        cases = read_published(_text(file), str(file))
    except PublishedFault as error:
        raise _refusal(str(error)) from None
    findings = {case.id: check_published(case) for case in cases}
    if as_json:
        told = [_as_json(finding) for found in findings.values() for finding in found]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2, default=_number).decode())
        return
    for case in cases:
        typer.echo(f"{case.id} ({case.year}) {case.title}".rstrip())
        for finding in findings[case.id]:
            typer.echo(f"  {_told(finding)}")


@app.command("rehearse")
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
        overlay = read_overlay(_text(rules), str(rules), parameters())
        day = date.fromisoformat(on) if on else None
    except RulesFault as error:
        raise _refusal(str(error)) from None
    except ValueError:
        raise _refusal(f"--on {on!r} is no day of the form YYYY-MM-DD") from None
    configured = settings.load(PlannerSettings)
    if configured.database_url is None and not (configured.home / "planner.db").is_file():
        raise _refusal(f"no planner has run in {configured.home}: set PIANOVIVO_HOME to the folder it runs in")
    states = asyncio.run(_states(configured, ambiti))
    if unknown := sorted(set(ambiti or ()) - {state.ambito for state in states}):
        raise _refusal(f"there is no plan of {', '.join(unknown)}")
    rehearsals = [_rehearsed(state, configured, overlay, day) for state in states]
    if as_json:
        typer.echo(orjson.dumps([_rehearsal_as_json(one) for one in rehearsals], option=orjson.OPT_INDENT_2).decode())
        return
    for one in rehearsals:
        for line in _rehearsal_told(one):
            typer.echo(line)


def _rehearsed(state: PlanState, configured: PlannerSettings, overlay: Overlay, on: date | None) -> Rehearsal:
    triennium = Triennium(configured.planner_first_year)
    reference_on = configured.planner_rules_on or reference_date(state, triennium)
    day = on or max((reference_on, *overlay.changes_on))
    laws = rules_on(day), rules_on(day, overlay)
    return rehearse(state, triennium, laws, names_of(state.ambito), _inhabitants(state.ambito))


async def _states(configured: PlannerSettings, ambiti: Sequence[str] | None) -> list[PlanState]:
    """The facts of each plan, read and never written."""
    db = Database(configured.url_for("planner"), "planner", application="pianovivo-planner-rehearse")
    bands = rules_on(configured.planner_rules_on or Triennium(configured.planner_first_year).begins_on).bands
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


def _told(finding: Finding) -> str:
    verdict = {True: "holds", False: "DIFFERS", None: "not checked"}[finding.holds]
    printed, computed, difference = (
        "–" if value is None else f"{value:f}" for value in (finding.printed, finding.computed, finding.difference)
    )
    note = f" ({finding.note})" if finding.note else ""
    numbers = f"printed {printed}, computed {computed}, difference {difference}"
    return f"{verdict:<11} {finding.kind:<13} {finding.what}: {numbers}{note}"


def _as_json(finding: Finding) -> dict[str, object]:
    return {**finding._asdict(), "difference": finding.difference, "holds": finding.holds}


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(f"{file}: byte {error.start} is not UTF-8: save the file as UTF-8 text") from None


def _refusal(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)
