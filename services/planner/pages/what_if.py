"""E se…: hypotheses in the address, their answer beside the plan. Nothing is written: the address is all there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from services.planner.document.legal_frame import value_it
from services.planner.domain.homes import OpenWorks
from services.planner.domain.quotas import QuotaKind
from services.planner.domain.rehearsal import ParameterChange, Shift
from services.planner.domain.rules import Rules
from services.planner.domain.what_if import Impossible, WhatIf, suppose
from services.planner.law.labels import law_labels
from services.planner.pages.addresses import Addresses
from services.planner.pages.comparison import Sides, compared
from services.planner.pages.contested import OpenContests
from services.planner.pages.desk import At, Plan, Shown, compute
from services.planner.pages.frame import OPERATION, Place, answer, around, at_hand, tag_of
from services.planner.pages.supposing import MOST, OFFERED, Supposed, Typed, supposed, typed
from services.planner.pages.views import Table, owner_name
from shared.events import Message
from shared.pages import Cell, Column, say, spoken
from shared.pages.formats import day
from shared.problems import Text
from shared.web import Db

router = APIRouter()
LIMITS: Final[Mapping[str, Text]] = {
    f"quota/{QuotaKind.INDIGENCE}": Text("Quota per i nuclei indigenti", "Share for indigent households"),
    f"quota/{QuotaKind.FORCES}": Text("Quota per le forze", "Share for the forces"),
    f"quota/{QuotaKind.LOCAL_POLICE}": Text("Quota per la polizia locale", "Share for the local police"),
    f"quota/{QuotaKind.CATEGORIES}": Text("Quota per le categorie dell’ente", "Share for the owner’s categories"),
    f"quota/{QuotaKind.SAT}": Text("Servizi transitori, dell’anno", "Transitional services, of the year"),
    "cap/sat": Text("Servizi transitori, limite", "Transitional services, limit"),
    "cap/disposal": Text("Alienazione e valorizzazione, limite", "Disposal, limit"),
    "cap/sale": Text("Vendita, limite", "Sale, limit"),
}


@router.get("/ambiti/{ambito_code}/e-se", operation_id=OPERATION)
async def what_if_page(
    request: Request,
    db: Db,
    place: Place,
    plan: Plan,
    at: At,
    contested: OpenContests,
    asked: Annotated[Typed, Depends(typed)],
) -> Response:
    head, title = plan.asked.head, say("E se…", "What if…")
    tag = tag_of(request, head.hash, str(head.version), str(asked), str(at.days), contested.mark)
    if ready := at_hand(request, tag):
        return ready
    names = plan.asked.plan.names
    owners = sorted({key.owner for key in plan.asked.plan.figures if key.owner})
    wanted = supposed(asked)
    content = {
        **around(place, at, head, title, "e-se"),
        "asked": asked,
        "most": MOST,
        "places": sorted(names.items(), key=lambda item: item[1]),
        "owners": [(owner, owner_name(owner, names)) for owner in owners],
        "programmes": _programmes(plan.material.state.homes.works, names, asked.programma),
        "rules": _offered(plan.material.rules),
        "flags": contested.flags,
        **await _answered(db, plan, wanted, at, asked),
    }
    return answer(request, "what_if.html", content, tag)


async def _answered(db: Db, plan: Shown, wanted: Supposed, at: Addresses, asked: Typed) -> dict[str, Any]:
    """The comparison, or why a hypothesis cannot be: of an ambito nobody has such homes or works."""
    nothing: dict[str, Any] = {"found": None, "faults": wanted.faults, "rule_tables": [], "share": None}
    if not wanted:
        return nothing
    messages = await plan.messages()
    try:
        found = await compute(db, plan, f"e-se/{wanted}", partial(_suppose, plan, messages, wanted))
    except Impossible as why:
        return nothing | {"faults": [Text(why.italian, why.english).read_in(spoken().language)]}
    sides = Sides((say("Il piano", "The plan"), say("Con le ipotesi", "With the hypotheses")), 0, at)
    names = plan.asked.plan.names
    return {
        "found": compared(found.drift, None, names, sides, {}),
        "faults": (),
        "rule_tables": _rule_tables(found, names) if wanted.law else [],
        "share": f"{at.to('e-se')}{'&' if '?' in at.to('e-se') else '?'}{urlencode(asked.query)}",
    }


def _suppose(plan: Shown, messages: Sequence[Message], wanted: Supposed) -> WhatIf:
    asked, material = plan.asked, plan.material
    rules = wanted.law.rules(asked.plan.rules_on) if wanted.law else None
    return suppose(asked.plan, material.state, messages, asked.method, wanted.hypotheses, rules, material.inhabitants)


def _programmes(open_works: Mapping[OpenWorks, int], names: Mapping[str, str], chosen: str) -> list[tuple[str, str]]:
    """Works that have not ended, and one that an address names: whose, where, how many homes, until when."""
    found: dict[str, list[tuple[OpenWorks, int]]] = {chosen: []} if chosen else {}
    for works, homes in sorted(open_works.items()):
        found.setdefault(works.programme, []).append((works, homes))
    return sorted(((name, _works_words(name, parts, names)) for name, parts in found.items()), key=lambda one: one[1])


def _works_words(name: str, parts: Sequence[tuple[OpenWorks, int]], names: Mapping[str, str]) -> str:
    if not parts:
        return name
    owners = ", ".join(sorted({owner_name(works.owner, names) for works, _ in parts}))
    places = sorted({names.get(works.municipality, works.municipality) for works, _ in parts})
    where = places[0] if len(places) == 1 else say(f"{len(places)} comuni", f"{len(places)} municipalities")
    homes = sum(count for _, count in parts)
    how_many = say("1 alloggio", "1 home") if homes == 1 else say(f"{homes} alloggi", f"{homes} homes")
    ends = sorted({works.expected_end_on for works, _ in parts})
    until = day(ends[0]) if len(ends) == 1 else f"{day(ends[0])} – {day(ends[-1])}"
    return f"{owners}, {where}: {how_many}, {say('fine prevista', 'expected end')} {until} ({name})"


def _offered(rules: Rules) -> list[tuple[str, str]]:
    """The parameters that can be changed, each with what it is in the plan."""
    labels = law_labels()
    now = say("oggi", "now")
    return [
        (name, f"{label.name} ({now} {value_it(rules.sources[name], labels, '')})")
        for name, label in labels.parameters.items()
        if name in OFFERED
    ]


def _rule_tables(found: WhatIf, names: Mapping[str, str]) -> list[Table]:
    return [_parameters(found.parameters), _limits(found.limits, names)]


def _parameters(changes: Sequence[ParameterChange]) -> Table:
    labels = law_labels()
    columns = [
        Column(say("Regola", "Rule")),
        Column(say("Nel piano", "In the plan"), "shown"),
        Column(say("Nell’ipotesi", "Supposed"), "shown"),
        Column(say("Articolo", "Article")),
    ]
    rows = [
        [
            Cell(labels.parameters[one.parameter].name),
            *(Cell(value_it(source, labels, "")) for source in (one.before, one.after)),
            Cell(one.after.article),
        ]
        for one in changes
    ]
    return Table(say("Le regole che cambiano", "The rules that change"), columns, rows)


def _limits(shifts: Sequence[Shift], names: Mapping[str, str]) -> Table:
    """Homes that may go to a quota, be set aside or sold; none of it counts households."""
    columns = [
        Column(say("Ente", "Owner")),
        Column(say("Comune", "Municipality")),
        Column(say("Quota o limite, alloggi", "Share or limit, homes")),
        Column(say("Nel piano", "In the plan"), "number"),
        Column(say("Nell’ipotesi", "Supposed"), "number"),
    ]
    everywhere = say("tutti", "all")
    rows = [
        [
            Cell(owner_name(one.owner, names)),
            Cell(names.get(one.municipality, one.municipality) if one.municipality else everywhere),
            Cell(LIMITS[one.what].read_in(spoken().language)),
            Cell(one.before),
            Cell(one.after),
        ]
        for one in sorted(shifts, key=lambda one: (one.what, owner_name(one.owner, names), one.municipality or ""))
    ]
    return Table(say("Quote e limiti che cambiano", "Shares and limits that change"), columns, rows)
