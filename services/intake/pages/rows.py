"""Una dichiarazione: how it stands, as it was received, and the forms of whoever may do something about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import store
from services.intake.api.corrections import correct_cell
from services.intake.api.duties import put_on_record, rows_of_year
from services.intake.api.submissions import Submission, faults_of, receive
from services.intake.domain.access import owner_kind
from services.intake.domain.duties import DueRow, RowState
from services.intake.domain.submissions import Declaration
from services.intake.pages.declarations import state_name
from services.intake.pages.forms import DeclarationForm, Wrong, form_of, overtaken, wrong_of
from services.intake.pages.frame import HOME, ROW, AskedRow, Row, page_of, written
from services.intake.pages.told import cell_name, missing_words, tables_of
from services.intake.pages.typed import Asked, Read, Typed, read, read_form, reasons_of, typed_of
from services.intake.tables import ContestedCellRow, SubmissionRow
from shared.arrivals import Arrival, arriving, not_found, read_value
from shared.civil_time import today_in_italy
from shared.db import Database
from shared.events import SubmissionReceived
from shared.events.contests import cell_value
from shared.forms import SHOWN_AGAIN, Fields
from shared.pages import carried, say, spoken
from shared.problems import Problem
from shared.roles import Reach, reach_of
from shared.territory import organisation_name
from shared.web import Db

router = APIRouter(include_in_schema=False)
Sent = Annotated[Arrival, Depends(arriving(None))]
Slug = Literal["inadempienza", "rettifica"]
Done = Literal["trasmessa", "inadempienza", "rettifica"]
"""What a form has just brought about, in the address that it leads to."""


class Sheet(NamedTuple):
    """Scheda di una riga: what is known of it, as who reads it may see it; `due` is None where nothing is due.

    `revisions` are the rows of what was `said`, the newest first.
    """

    row: Row
    due: DueRow | None
    revisions: Sequence[SubmissionRow]
    said: Sequence[SubmissionReceived]
    cells: Sequence[ContestedCellRow]
    before: SubmissionReceived | None
    """What was declared the year before."""

    @property
    def last(self) -> SubmissionReceived | None:
        return self.said[0] if self.said else None

    @property
    def asked(self) -> Asked:
        return Asked.over(self.row.cycle_year, self.row.key.municipality, owner_kind(self.row.key.owner), self.last)


class Refused(NamedTuple):
    """A form that was sent in vain: which one, what was typed, what is wrong."""

    form: Literal["dichiarazione", Slug]
    typed: Typed
    wrong: Sequence[Wrong]
    status: int = 422
    contest: str = ""


@router.get(ROW, operation_id="submission_show")
async def row_page(request: Request, db: Db, row: AskedRow, esito: Done | None = None) -> Response:
    return _page(request, await _sheet(db, row), done=esito)


@router.get(ROW + "/{slug}", operation_id="submission_show")
async def back_to_row(row: AskedRow, slug: Slug) -> Response:
    """Where a form was sent there is nothing to read: whoever loads it again, or in another language, reads the row."""
    return RedirectResponse(carried(row.at), 303)


@router.post(ROW, operation_id="submission_send")
async def send(request: Request, db: Db, row: AskedRow, sent: Sent, typed: Fields) -> Response:
    sheet = await _sheet(db, row)
    if (more := typed.get("azione", "")).startswith("aggiungi-"):
        return _page(request, sheet, longer=(more.removeprefix("aggiungi-"), typed))
    form = read_form(typed, sheet.asked)
    try:
        declaration = read_value(Declaration, form.document)
        if faults := faults_of(sent.who, declaration):
            return _page(request, sheet, Refused("dichiarazione", typed, wrong_of(faults, form)))
        async with db.transaction() as session:
            await receive(sent, session, declaration, over=_over(typed))
    except Problem as problem:
        return await _again(request, db, row, "dichiarazione", typed, problem, form)
    return _after(row, "trasmessa")


@router.post(ROW + "/inadempienza", operation_id="submission_default_record")
async def record_default(request: Request, db: Db, row: AskedRow, sent: Sent, typed: Fields) -> Response:
    key = row.key._asdict()
    document = {"cycle_year": row.cycle_year, "reason": typed.get("reason", "").strip(), **key}
    try:
        async with db.transaction() as session:
            await put_on_record(replace(sent, document=document), session)
    except Problem as problem:
        return await _again(request, db, row, "inadempienza", typed, problem)
    return _after(row, "inadempienza")


@router.post(ROW + "/rettifica", operation_id="submission_correct")
async def correct(request: Request, db: Db, row: AskedRow, sent: Sent, typed: Fields) -> Response:
    document = {
        "contest_id": typed.get("contest_id", ""),
        "value": read(typed.get("value", "").strip(), "count"),
        "reason": typed.get("reason", "").strip(),
    }
    try:
        async with db.transaction() as session:
            await _corrected(replace(sent, document=document), session, row)
    except Problem as problem:
        return await _again(request, db, row, "rettifica", typed, problem)
    return _after(row, "rettifica")


def _after(row: Row, done: Done) -> Response:
    return RedirectResponse(carried(f"{row.at}?esito={done}"), 303)


async def _corrected(arrival: Arrival, session: AsyncSession, row: Row) -> None:
    """The correction of the row's last revision, once: the same form again asks for what is there already."""
    revisions = await store.revisions_of_row(session, row.who.ambito, row.cycle_year, row.key)
    if not revisions:
        raise not_found(row.at)
    wanted, last = arrival.document, _said(revisions[0])
    assert isinstance(wanted, dict)
    if str(last.contest_id) == wanted["contest_id"]:
        cell = await store.contested_cell(session, row.who.ambito, last.contest_id) if last.contest_id else None
        if cell is not None and cell_value(last.columns, last.forecast, cell.path) == wanted["value"]:
            return
    await correct_cell(revisions[0].id, arrival, session)


async def _again(
    request: Request,
    db: Database,
    row: Row,
    form: Literal["dichiarazione", Slug],
    typed: Typed,
    problem: Problem,
    as_read: Read | None = None,
) -> Response:
    """The row as it is now, with the form as it was filled in and what is wrong beside each field."""
    if problem.status not in SHOWN_AGAIN:
        raise problem
    sheet = await _sheet(db, row)
    if problem.status == 409 and form == "dichiarazione":
        wrong = [overtaken(sheet.revisions[0].revision)]
    else:
        known = as_read or Read({}, {f"/{name}": name for name in ("reason", "value", "contest_id")})
        wrong = wrong_of(problem.errors, known) or [Wrong(None, problem.detail.read_in(spoken().language))]
    return _page(request, sheet, Refused(form, typed, wrong, problem.status, typed.get("contest_id", "")))


async def _sheet(db: Database, row: Row) -> Sheet:
    """Raises `Problem` 404 for another's row of which nothing is due and nothing came."""
    ambito, reach = row.who.ambito, Reach.OWN if row.is_own else row.reach
    async with db.reading() as session:
        rows = await rows_of_year(session, row.who, reach, row.cycle_year, row.rules)
        revisions = await store.revisions_of_row(session, ambito, row.cycle_year, row.key)
        cells = await store.open_cells(session, ambito, row.cycle_year, *row.key)
        earlier = await store.revisions_of_row(session, ambito, row.cycle_year - 1, row.key) if not revisions else []
    due = next((one for one in rows if (one.owner, one.municipality) == row.key), None)
    if due is None and not row.is_own:
        raise not_found(row.at)
    return Sheet(row, due, revisions, [*map(_said, revisions)], cells, _said(earlier[0]) if earlier else None)


def _said(row: SubmissionRow) -> SubmissionReceived:
    return SubmissionReceived.read(row.body.encode())


def _page(
    request: Request,
    sheet: Sheet,
    refused: Refused | None = None,
    longer: tuple[str, Typed] | None = None,
    done: Done | None = None,
) -> Response:
    row, due = sheet.row, sheet.due
    submission = Submission.of(sheet.revisions[0]).told_to(row.who) if sheet.revisions else None
    content: dict[str, Any] = {
        "page": page_of(row.who, f"{row.municipality_name}: {say('dichiarazione', 'declaration')} {row.cycle_year}"),
        "row": row,
        "due": due,
        "state": state_name(due) if due else say("non attesa", "not due"),
        "is_late": bool(due and due.late),
        "deadline_on": row.rules.deadline_on,
        "is_past": today_in_italy() > row.rules.deadline_on,
        "submission": submission,
        "missing": missing_words(submission.completeness.missing) if submission else (),
        "withheld": submission is not None and sheet.last != submission.declaration,
        "tables": [*tables_of(submission)] if submission else (),
        "revisions": [*zip(sheet.said, sheet.revisions, strict=True)],
        "contests": [_contest(sheet, cell, refused) for cell in sheet.cells],
        "form": _form(sheet, refused, longer) if _may_send(row) else None,
        "is_open": longer is not None or (refused is not None and refused.form == "dichiarazione"),
        "may_default": due is not None and due.state is RowState.MISSING,
        "refused": refused,
        "done": _done_words(sheet, done),
        "back": f"{HOME}?anno={row.cycle_year}",
    }
    return written(request, "declaration.html", content, refused.status if refused else 200)


def _done_words(sheet: Sheet, done: Done | None) -> str:
    """What came of the form that led here, if that is how the row stands."""
    if done == "inadempienza" and sheet.due and sheet.due.state is RowState.IN_DEFAULT:
        return say("L’inadempienza è agli atti.", "The default is on record.")
    if sheet.last is None or done not in ("trasmessa", "rettifica"):
        return ""
    revision = sheet.last.revision
    return say(
        f"La revisione {revision} è ricevuta: tra pochi secondi il piano ne tiene conto.",
        f"Revision {revision} is received: in a few seconds the plan takes account of it.",
    )


def _may_send(row: Row) -> bool:
    return row.is_own and reach_of("submission_send", row.who.role) is not Reach.NONE


def _form(sheet: Sheet, refused: Refused | None, longer: tuple[str, Typed] | None) -> DeclarationForm:
    """What was typed, or else the last revision, or else what was declared the year before."""
    last, asked = sheet.last, sheet.asked
    over = last.revision if last else 0
    earlier = last or sheet.before
    reasons = reasons_of(earlier) if earlier else {}
    if longer is not None:
        return form_of(asked, longer[1], _over(longer[1]) or 0, reasons=reasons, longer=longer[0])
    if refused is not None and refused.form == "dichiarazione":
        seen = over if refused.status == 409 else _over(refused.typed) or 0
        return form_of(asked, refused.typed, seen, wrong=refused.wrong, reasons=reasons)
    return form_of(asked, typed_of(earlier).document if earlier else {}, over, source=_source(sheet), reasons=reasons)


def _source(sheet: Sheet) -> str:
    if sheet.last is not None:
        revision = sheet.last.revision
        return say(f"I campi mostrano la revisione {revision}.", f"The fields show revision {revision}.")
    if sheet.before is not None:
        year = sheet.before.cycle_year
        return say(
            f"I campi mostrano i dati dichiarati per il {year}: vanno rivisti uno per uno.",
            f"The fields show what was declared for {year}: look at each of them.",
        )
    return ""


def _over(typed: Typed) -> int | None:
    """The revision that a form was filled in over."""
    over = read(typed.get("over", ""), "count")
    return over if isinstance(over, int) else None


def _contest(sheet: Sheet, cell: ContestedCellRow, refused: Refused | None) -> Mapping[str, Any]:
    """An open contest; its owner may correct the cell until the deadline, unless it has been corrected already."""
    last, row = sheet.last, sheet.row
    met = refused if refused and refused.form == "rettifica" and refused.contest == str(cell.contest_id) else None
    is_corrected = last is not None and last.contest_id == cell.contest_id
    value = cell_value(last.columns, last.forecast, cell.path) if last else None
    is_open = today_in_italy() <= cell.deadline_on and last is not None and not is_corrected
    return {
        "cell": cell,
        "name": cell_name(cell.path),
        "value": value,
        "contester": organisation_name(cell.ambito, cell.contester) if cell.contester else "",
        "is_corrected": is_corrected,
        "may_correct": is_open and row.is_own and reach_of("submission_correct", row.who.role) is not Reach.NONE,
        "typed": met.typed if met else {},
        "wrong": met.wrong if met else (),
    }
