"""`pianovivo planner check`: the sums of published annual plans, for anyone to check."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.planner.cli.files import refusal, text_of
from services.planner.domain.published import Finding, PublishedFault, check_published, read_published

SourceFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document.")]


def check_command(file: SourceFile, as_json: AsJson = False) -> None:
    """Check published annual plans, a JSON file of cases with rows and checks: printed, computed, difference."""
    try:
        cases = read_published(text_of(file), str(file))
    except PublishedFault as error:
        raise refusal(str(error)) from None
    findings = {case.id: check_published(case) for case in cases}
    if as_json:
        told = [_as_json(finding) for found in findings.values() for finding in found]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2, default=_number).decode())
        return
    for case in cases:
        typer.echo(f"{case.id} ({case.year}) {case.title}".rstrip())
        for finding in findings[case.id]:
            typer.echo(f"  {_told(finding)}")


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
