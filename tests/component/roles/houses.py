"""The four services with data of several organisations, and a request for each of their doors.

A door is a method and a path. Its requests are about somebody's data (`Theirs`): the asking organisation's own, or
another's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI
from joserfc.jwk import OKPKey

from services.registry import store as registry_store
from services.registry.app import create_http, create_runtime
from services.registry.domain.history import Entry
from services.registry.settings import RegistrySettings
from shared.auth import Role, issue
from shared.civil_time import today_in_italy
from shared.events import ContestedCell, UnitStatus
from shared.migrate import migrate
from tests.component.intake import room as intake
from tests.component.notifier import room as notifier
from tests.component.roles.asks import Ask, Ids, discussion_asks
from tests.support import planner_room as planner
from tests.support.contests import contest_step
from tests.support.discussed import discussed
from tests.support.editions import PROPOSAL, TO_PUBLICATION, nil_rows, proposed, walked
from tests.unit.planner.worlds import CASTELVERDE, CREMONA, TestRegistry
from tests.unit.registry.samples import registered, unit

AMBITO = "cremonese"
ORGANISATIONS = {
    Role.MUNICIPALITY: "comune-019026",
    Role.OWNER: "aler-bcm",
    Role.LEAD: "comune-019036",
    Role.TECHNICAL_PARTNER: "azienda-sociale",
    Role.ASSEMBLY_SECRETARY: "segreteria-assemblea",
    Role.REGION: "regione-lombardia",
    Role.OPERATOR: "gestore-impianto",
}
"""Municipalities of the cremonese, ALER, and made-up names of offices."""


@dataclass
class House:
    """A service at work, and whose data each role asks for."""

    name: str
    app: FastAPI
    key: OKPKey
    asks: Callable[[Ids], list[Ask]]
    own: dict[Role, Ids]
    other: dict[Role, Ids]
    without_other: frozenset[tuple[Role, str]] = frozenset()
    """Doors at which nobody can name another's data: whose it is follows from who asks."""
    organisations: dict[Role, str] = field(default_factory=lambda: ORGANISATIONS)

    def token(self, role: Role, ambito: str = AMBITO) -> str:
        who = (self.organisations[role], role, ambito)
        now, lifetime = datetime.now(UTC), timedelta(hours=1)
        return issue(self.key, *who, "pianovivo", "pianovivo-local", now, lifetime, "ufficio-casa")


_number = count(1)


def intake_asks(ids: Ids) -> list[Ask]:
    new_case = intake.CASE | {"case_ref": f"CV-2026-{next(_number):03}", "municipality": ids["municipality"]}
    case = {name: value for name, value in new_case.items() if name != "case_ref"}
    home = {**REGISTERED, "unit_id": f"N-{next(_number)}", "municipality": ids["municipality"]}
    default = {"cycle_year": LAST - 2, "owner": "aler-bcm", "municipality": "019036", "reason": "nessuna risposta"}
    closure = {"closed_on": today_in_italy().isoformat(), "reason": "Soluzione abitativa trovata"}
    report, submission, put = (f"{path}/{ids[name]}" for path, name in INTAKE_ITEMS)
    emergency = f"/emergency-cases/{ids['case']}"
    return [
        Ask("POST /unit-reports", "/unit-reports", home),
        Ask("GET /unit-reports", "/unit-reports?limit=200", shows=ids["report"]),
        Ask("GET /unit-reports/{report_id}", report),
        Ask("GET /unit-reports/{report_id}/status", f"{report}/status"),
        Ask(
            "GET /submissions/status",
            f"/submissions/status?cycle_year={LAST}",
            shows=f'"{ids["organisation"]}"',
        ),
        Ask("POST /submission-defaults", "/submission-defaults", default),
        Ask("GET /submission-defaults/{default_id}", put),
        Ask("POST /submissions", "/submissions", {**DECLARED, "municipality": ids["municipality"]}),
        Ask("GET /submissions", "/submissions?limit=200", shows=ids["submission"]),
        Ask("GET /submissions/{submission_id}", submission),
        Ask("POST /submissions/{submission_id}/corrections", f"{submission}/corrections", ids["correction"]),
        Ask("POST /emergency-cases", "/emergency-cases", new_case),
        Ask("PUT /emergency-cases/{case_ref}", emergency, case),
        Ask("GET /emergency-cases/{case_ref}", emergency),
        Ask("POST /emergency-cases/{case_ref}/closure", f"{emergency}/closure", closure),
    ]


LAST = intake.THIS_YEAR - 1
DECLARED = {"cycle_year": LAST, "nil": True}
INTAKE_ITEMS = (("/unit-reports", "report"), ("/submissions", "submission"), ("/submission-defaults", "default"))
REGISTERED = {
    "report": "unit-registered",
    "effective_on": "2026-01-10",
    "owner": "comune-019026",
    "owner_kind": "MUNICIPALITY",
    "manager": "aler-bcm",
    "service_type": "SAP",
    "net_area_m2": 60.55,
    "rooms": 3,
    "accessible": False,
    "status": "OCCUPIED",
}


FREE_NOW = ContestedCell(cycle_year=LAST, path="columns/free_now", value=0)


@asynccontextmanager
async def intake_house(home: Path) -> AsyncIterator[House]:
    async with intake.opened(home) as room:
        await room.hear(intake.applied(uuid4()))  # ALER has a home in Cremona
        theirs = {
            role: await _sent(room, role, municipality)
            for role, municipality in ((Role.MUNICIPALITY, "019026"), (Role.OWNER, "019036"), (Role.LEAD, "019036"))
        }
        alers = theirs[Role.OWNER] | {"case": theirs[Role.LEAD]["case"]}
        towns = theirs[Role.MUNICIPALITY]
        other = dict.fromkeys(Role, alers) | {Role.OWNER: towns, Role.LEAD: towns}
        without = {(Role.OWNER, "unit_reports_send"), (Role.OWNER, "submission_send")}
        yield House("intake", room.app, intake.KEY, intake_asks, theirs, other, frozenset(without))


async def _sent(room: intake.Room, role: Role, municipality: str) -> Ids:
    organisation, case = ORGANISATIONS[role], f"CS-2026-{next(_number):03}"
    async with room.client(organisation, role) as client, room.lead() as lead:
        report = await client.post("/unit-reports", json=intake.VACATED)
        submission = await client.post("/submissions", json={**DECLARED, "municipality": municipality})
        if role is not Role.OWNER:
            opened = intake.CASE | {"case_ref": case, "municipality": municipality}
            assert (await client.post("/emergency-cases", json=opened)).status_code == 201
        default = {
            "cycle_year": LAST - 1,
            "owner": organisation,
            "municipality": municipality,
            "reason": "mai arrivati",
        }
        put = await lead.post("/submission-defaults", json=default)
    ids = {"report": report, "submission": submission, "default": put}
    found = {name: answer.json()["id"] for name, answer in ids.items()}
    step = contest_step(owner=organisation, municipality=municipality, cell=FREE_NOW, contest_id=uuid4())
    await room.hear(step)
    correction = {"contest_id": str(step.event.contest_id), "value": 3, "reason": "contati di nuovo"}  # type: ignore[attr-defined]
    own = {"organisation": organisation, "municipality": municipality, "case": case, "correction": correction}
    return found | own


def registry_asks(ids: Ids) -> list[Ask]:
    home = f"/units/{ids['unit']}"
    return [
        Ask("GET /units", "/units?limit=200", shows=f'"{ids["unit"]}"'),
        Ask("GET /units/{unit_id}", home),
        Ask("GET /units/{unit_id}/history", f"{home}/history"),
    ]


@asynccontextmanager
async def registry_house(home: Path) -> AsyncIterator[House]:
    notifier.settings(home)  # the public half of the key that signs its tokens
    app = create_http(create_runtime(RegistrySettings(home=home)))
    runtime = app.state.runtime
    await migrate(runtime.db, runtime.migrations)
    async with runtime.db.transaction() as session:
        for unit_id, owner, municipality in (("A-1", "aler-bcm", "019036"), ("C-1", "comune-019026", "019026")):
            known = unit(unit_id=unit_id, owner=owner, manager=owner, municipality=municipality)
            registry_store.save_homes(session, [registry_store.Home(AMBITO, known, known.write(), 1, date(2026, 3, 1))])
            report = registered("OCCUPIED").model_copy(update={"unit_id": unit_id})
            registry_store.add_history(session, [Entry(1, datetime.now(UTC), uuid4(), owner, report)])
    alers, towns = {"unit": "A-1"}, {"unit": "C-1"}
    own, other = {Role.OWNER: alers, Role.MUNICIPALITY: towns}, dict.fromkeys(Role, alers) | {Role.OWNER: towns}
    try:
        yield House("registry", app, notifier.KEY, registry_asks, own, other)
    finally:
        await runtime.transport.stop()
        await runtime.db.close()


AIM = {
    "text": "dimezzare gli alloggi liberi",
    "owner": "comune-019036",
    "figure": "019036:-:free_assignable:-",
    "baseline": 80,
    "target": 40,
    "due_on": "2099-12-31",
    "reason": "delibera del Consiglio comunale",
}


def planner_asks(ids: Ids) -> list[Ask]:
    plan, pages = f"/plans/{AMBITO}", f"/ambiti/{AMBITO}"
    hold, figure = f"{plan}/holds/{ids['hold']}", f"{plan}/figures/019036:-:free_assignable:-"
    choice = {"municipality": "019036", "owner": "aler-bcm", "year": 2027, "quantity": "TURNOVER", "basis": "MODEL"}
    reads = ("", "/versions", "/figures", "/adopted", "/scores", "/need", "/checks", "/objectives", "/texts")
    text, form = f"{plan}/texts/strategie", {"markdown": f"Testo {next(_number)}.", "office": "HOUSING_OFFICE"}
    editions = f"{plan}/editions"
    step = {"on": today_in_italy().isoformat(), "office": "HOUSING_OFFICE"}
    back = step | {"status": "RETURNED", "office": "ASSEMBLY_SECRETARIAT", "reason": "rivedere la parte quinta"}
    aims, because = f"{plan}/objectives", {"reason": "il programma non è finanziato"}
    return [
        *(Ask(f"GET /plans/{{ambito}}{part}", plan + part) for part in reads),
        Ask("GET /plans/{ambito}/municipalities/{istat}", f"{plan}/municipalities/019036"),
        Ask("GET /plans/{ambito}/parts/{number}", f"{plan}/parts/4"),
        Ask("GET /plans/{ambito}/figures/{figure_id}", figure),
        Ask("GET /plans/{ambito}/figures/{figure_id}/why", f"{figure}/why"),
        Ask("GET /plans/{ambito}/drift", f"{plan}/drift?from_version=1"),
        Ask("POST /plans/{ambito}/what-if", f"{plan}/what-if", {}),
        Ask("POST /plans/{ambito}/choices", f"{plan}/choices", choice | {"reason": "dichiarati due anni insieme"}),
        Ask("GET /plans/{ambito}/editions", editions),
        Ask("GET /plans/{ambito}/editions/{edition}", f"{editions}/1"),
        Ask("GET /plans/{ambito}/editions/{edition}/steps", f"{editions}/1/steps"),
        Ask("GET /plans/{ambito}/editions/{edition}/document", f"{editions}/1/document", accept="application/json"),
        Ask("GET /plans/{ambito}/editions/{edition}/package", f"{editions}/1/package"),
        Ask("POST /plans/{ambito}/editions", editions, PROPOSAL | {"kind": "AMENDMENT"}),
        Ask("POST /plans/{ambito}/editions/{edition}/submission", f"{editions}/1/submission", step),
        Ask("POST /plans/{ambito}/editions/{edition}/vote", f"{editions}/1/vote", back),
        Ask("POST /plans/{ambito}/editions/{edition}/transmission", f"{editions}/1/transmission", step),
        Ask("POST /plans/{ambito}/editions/{edition}/publication", f"{editions}/1/publication", step),
        Ask("GET /plans/{ambito}/document", f"{plan}/document", accept="application/json"),
        Ask("GET /plans/{ambito}/package", f"{plan}/package"),
        Ask("GET /plans/{ambito}/refusals", f"{plan}/refusals", shows=f'"{ids["refused"]}"'),
        Ask("GET /plans/{ambito}/texts/{section}", text),
        Ask("GET /plans/{ambito}/texts/{section}/revisions", f"{text}/revisions"),
        Ask("GET /plans/{ambito}/texts/{section}/differences", f"{text}/differences?from_revision=0&to_revision=0"),
        Ask("POST /plans/{ambito}/texts/{section}/revisions", f"{text}/revisions", form | {"revision": 0}),
        Ask("GET /ambiti/{ambito_code}/testi", f"{pages}/testi"),
        Ask("GET /ambiti/{ambito_code}/testi/{section}", f"{pages}/testi/strategie"),
        Ask("POST /ambiti/{ambito_code}/testi/{section}", f"{pages}/testi/strategie"),
        Ask("POST /plans/{ambito}/objectives", aims, AIM),
        Ask("POST /plans/{ambito}/objectives/{objective_id}/withdraw", f"{aims}/{ids['aim']}/withdraw", because),
        *discussion_asks(plan, pages, ids),
        Ask("POST /plans/{ambito}/holds", f"{plan}/holds", {"unit_id": ids["unit"], "case_ref": ids["case"]}),
        Ask("POST /plans/{ambito}/holds/{hold_id}/accept", f"{hold}/accept"),
        Ask("POST /plans/{ambito}/holds/{hold_id}/decline", f"{hold}/decline", {"reason": "MISTAKE"}),
        Ask("POST /plans/{ambito}/holds/{hold_id}/return", f"{hold}/return"),
        Ask("GET /plans/{ambito}/holds", f"{plan}/holds?limit=200", shows=ids["hold"]),
        Ask("GET /plans/{ambito}/holds/{hold_id}", hold),
        Ask("GET /", "/"),
        Ask("GET /ambiti/{ambito_code}", pages),
        *(
            Ask(f"GET /ambiti/{{ambito_code}}/{page}", f"{pages}/{page}")
            for page in ("parti", "emergenza", "completezza", "e-se", "verifica", "edizioni", "iter")
        ),
        Ask("GET /ambiti/{ambito_code}/edizioni/{number}", f"{pages}/edizioni/1"),
        Ask("GET /ambiti/{ambito_code}/edizioni/{number}/piano.{ending}", f"{pages}/edizioni/1/piano.json"),
        Ask("GET /ambiti/{ambito_code}/iter/{step}", f"{pages}/iter/voto"),
        *(
            Ask(f"POST /ambiti/{{ambito_code}}/iter/{slug}", f"{pages}/iter/{slug}", form=form)
            for slug, form in (
                ("proposta", PROPOSAL | {"kind": "AMENDMENT"}),
                ("voto", back | {"edition": "1"}),
                *((slug, step | {"edition": "1"}) for slug in ("sottoposizione", "trasmissione", "pubblicazione")),
            )
        ),
        Ask("GET /ambiti/{ambito_code}/scostamenti", f"{pages}/scostamenti?versione=1"),
        Ask("GET /ambiti/{ambito_code}/parti/{number}", f"{pages}/parti/4"),
        Ask("GET /ambiti/{ambito_code}/numeri/{name}", f"{pages}/numeri/019036:-:free_assignable:-"),
        Ask("GET /ambiti/{ambito_code}/stampa", f"{pages}/stampa"),
        Ask("GET /ambiti/{ambito_code}/edizioni/{number}/stampa", f"{pages}/edizioni/1/stampa"),
        Ask("GET /verifica-documento", "/verifica-documento"),
        Ask("POST /verifica-documento", "/verifica-documento", form={}),
        Ask("GET /ambiti/{ambito_code}/enti/{owner}", f"{pages}/enti/aler-bcm"),
        Ask("GET /ambiti/{ambito_code}/comuni/{istat}", f"{pages}/comuni/019036"),
    ]


@asynccontextmanager
async def planner_house(home: Path) -> AsyncIterator[House]:
    homes = TestRegistry()
    for owner in ("aler-bcm", "cooperativa-casa"):
        homes.register(f"home-of-{owner}", UnitStatus.RESERVED_SAT, owner=owner)
    homes.register("home-of-town", UnitStatus.IN_WORKS, owner=planner.TOWN[0], municipality=CASTELVERDE)
    told = nil_rows(also=[(CREMONA, "aler-bcm"), (CREMONA, "cooperativa-casa"), (CASTELVERDE, planner.TOWN[0])])
    async with planner.standing(home, [*homes.sent, *planner.cases_of(4), *told]) as room:
        await proposed(room)
        await walked(room, *TO_PUBLICATION)
        async with room.client(planner.LEAD) as client:
            aim = (await client.post(planner.HOLDS.replace("holds", "objectives"), json=AIM)).json()["id"]
        theirs = []
        for who, unit_id, case, refused in (
            (planner.TOWN, "home-of-aler-bcm", "C0", "C2"),
            (planner.LEAD, "home-of-cooperativa-casa", "C1", "C3"),
        ):
            async with room.client(who) as client:
                answer = await client.post(planner.HOLDS, json={"unit_id": unit_id, "case_ref": case})
            ids = {"hold": answer.json()["id"], "unit": unit_id, "case": case, "refused": refused, "aim": aim}
            theirs.append(ids)
        towns, leads = theirs
        said = await discussed(room)
        own = {Role.MUNICIPALITY: towns | said[planner.TOWN[0]], Role.OWNER: towns | said["aler-bcm"]}
        cooperatives = said["cooperativa-casa"] | {"figure": "019098:-:free_assignable:-"}
        other = dict.fromkeys(Role, leads | cooperatives)
        organisations = ORGANISATIONS | {Role.MUNICIPALITY: planner.TOWN[0]}
        yield House("planner", room.app, planner.KEY, planner_asks, own, other, organisations=organisations)
        await room.app.state.people.close()


def notifier_asks(ids: Ids) -> list[Ask]:
    mine, notice = f"/subscriptions/{ids['subscription']}", f"/notices/{ids['notice']}"
    new = {"channel": "inbox", "municipalities": ["019036"]}
    return [
        Ask("POST /subscriptions", "/subscriptions", new),
        Ask("GET /subscriptions", "/subscriptions", shows=ids["subscription"]),
        Ask("GET /subscriptions/{subscription_id}", mine),
        Ask("POST /subscriptions/{subscription_id}/secret-rotation", f"{mine}/secret-rotation"),
        Ask("POST /subscriptions/{subscription_id}/resumption", f"{mine}/resumption"),
        Ask("GET /notices", "/notices?limit=200", shows=ids["notice"]),
        Ask("GET /notices/{notice_id}", notice),
        Ask("PUT /notices/{notice_id}/read-mark", f"{notice}/read-mark"),
        Ask("POST /deliveries/{delivery_id}/replay", f"/deliveries/{ids['delivery']}/replay"),
        Ask("DELETE /subscriptions/{subscription_id}", f"/subscriptions/{ids['ending']}"),
        Ask("GET /", "/"),
        Ask("GET /inbox", "/inbox", shows=ids["notice"]),
        Ask("GET /inbox/{notice_id}", f"/inbox/{ids['notice']}"),
        Ask("POST /inbox/{notice_id}/read-mark", f"/inbox/{ids['notice']}/read-mark"),
    ]


@asynccontextmanager
async def notifier_house(home: Path) -> AsyncIterator[House]:
    async with notifier.opened(home, "127.0.0.1:9") as room:
        names = [*ORGANISATIONS.items(), (Role.MUNICIPALITY, STRANGER)]
        subscriptions = [[await _subscribed(room, *who) for _ in range(2)] for who in names]
        await room.consume(notifier.recomputed(1, notifier.change("019036", notifier.count(0, 1))))
        told = [await _told(room, *who, mine) for who, mine in zip(names, subscriptions, strict=True)]
        own = dict(zip(ORGANISATIONS, told, strict=False))
        without = frozenset((role, "subscription_add") for role in Role)
        yield House("notifier", room.app, notifier.KEY, notifier_asks, own, dict.fromkeys(Role, told[-1]), without)


STRANGER = "comune-019070"


async def _subscribed(room: notifier.Room, role: Role, organisation: str) -> str:
    body = {"channel": "webhook", "url": "http://127.0.0.1:9/in", "municipalities": "all"}
    async with room.client(organisation, role) as client:
        answer = await client.post("/subscriptions", json=body)
    found: str = answer.json()["id"]
    return found


async def _told(room: notifier.Room, role: Role, organisation: str, subscriptions: list[str]) -> Ids:
    [notice] = await room.notices(organisation)
    async with room.client(organisation, role) as client:
        deliveries = (await client.get(f"/notices/{notice.id}")).json()["deliveries"]
    [delivery] = [one["id"] for one in deliveries if one["subscription_id"] == subscriptions[0]]
    keys = ("subscription", "ending", "notice", "delivery")
    return dict(zip(keys, (*subscriptions, str(notice.id), delivery), strict=True))


HOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[House]]] = {
    "intake": intake_house,
    "registry": registry_house,
    "planner": planner_house,
    "notifier": notifier_house,
}
