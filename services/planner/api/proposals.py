"""What is frozen when a plan is proposed, and what keeps it from being proposed."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import orjson
from pydantic import TypeAdapter

from services.planner.api.document import assembled, sources_of
from services.planner.api.editions import Asked
from services.planner.document.model import Document
from services.planner.domain.lifecycle.cycle import Cycle, cycle_of
from services.planner.domain.plan import canonical
from services.planner.domain.rules import Rules
from services.planner.settings import PlannerSettings
from services.planner.store.editions import FrozenPlan
from shared.events import SubmissionDefaulted, SubmissionReceived
from shared.problems import FieldError, Problem, Text

_RULES: Final = TypeAdapter(Rules)
_MOST_ROWS: Final = 100
"""Missing rows that are told one by one."""


class Proposal(NamedTuple):
    """A plan as it stands, ready to be frozen: its document not marked yet, and the declarations behind it."""

    frozen: FrozenPlan
    document: Document
    cycle: Cycle


async def proposal_of(plans: Asked, settings: PlannerSettings) -> Proposal:
    """Of the version that is in force now; one that is computed meanwhile does not get into it."""
    sources = await sources_of(plans)
    events = [message.event for message in sources.log.messages]
    filed = [event for event in events if isinstance(event, SubmissionReceived)]
    defaulted = [event for event in events if isinstance(event, SubmissionDefaulted)]
    cycle = await asyncio.to_thread(cycle_of, plans.plan, sources.state, filed, defaulted)
    rules = plans.method.law(plans.plan.reference_on)
    frozen = FrozenPlan(canonical(plans.plan), rule_set_json(rules))
    return Proposal(frozen, await assembled(plans, sources, settings), cycle)


def rule_set_json(rules: Rules) -> bytes:
    """Every parameter in force with its source: what a later change of the law's files cannot reach."""
    return orjson.dumps(_RULES.dump_python(rules, mode="json"), option=orjson.OPT_SORT_KEYS)


def check_complete(cycle: Cycle) -> None:
    """Raises `Problem` 409 that names the rows which are neither there nor recorded as in default."""
    missing = cycle.unexplained
    if missing:
        errors = [_row_error(cycle.year, *key) for key in missing[:_MOST_ROWS]]
        detail = _INCOMPLETE.filled(count=len(missing), year=cycle.year)
        raise Problem(409, "rows-missing", _INCOMPLETE_TITLE, detail, errors=errors)


def _row_error(year: int, municipality: str, owner: str) -> FieldError:
    rule = _MISSING.filled(year=year, municipality=municipality, owner=owner)
    return FieldError(f"/rows/{municipality}/{owner}", None, rule, _MISSING_REMEDY)


_INCOMPLETE_TITLE = Text("Mancano dichiarazioni", "Declarations are missing")
_INCOMPLETE = Text(
    "Il piano non si può proporre: nel ciclo {year} mancano {count} righe che nessuno ha registrato come inadempienti.",
    "The plan cannot be proposed: {count} rows of cycle {year} are missing that nobody has recorded as in default.",
)
_MISSING = Text(
    "Manca la dichiarazione {year} di {owner} per il comune {municipality}.",
    "Declaration {year} of {owner} for municipality {municipality} is missing.",
)
_MISSING_REMEDY = Text(
    "Trasmetterla, anche se non c’è nulla da dichiarare, o registrare l’inadempienza.",
    "Submit it, even with nothing to declare, or record the default.",
)
