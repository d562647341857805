"""Pages that compare and complete: drift, what-if, who has declared, and what a municipality is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.events import SubmissionDefaulted, SubmissionReceived, Unit, UnitChanged
from shared.events.base import derived
from shared.events.submissions import OwnerKind
from shared.pages.formats import number
from tests.support.planner import UNTIL, Served, planner_serving, stated, synthetic
from tests.support.public_pages import PLAN, asked, home_with_key, page, posted, rows_of, signed, words
from tests.support.world import AMBITO

SORESINA, CREMONA = "019098", "019036"
SILENT = "019013"  # Cappella Cantone


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A planner that knows the whole synthetic world."""
    with planner_serving(home_with_key(tmp_path_factory.mktemp("confronti"))) as served:
        served.hear(*synthetic().past)
        yield served


def test_drift_is_a_signed_list_of_causes_that_adds_up(planner: Served) -> None:
    html = page(planner, "/scostamenti?da=2026-09-30")
    answered = asked(planner, f"/plans/{AMBITO}/drift?from_on=2026-09-30&municipality=-&limit=1000")
    api = {one["id"]: one for one in answered["items"]}
    for figure in ("occupied", "free_assignable", "needing_works", "in_notice"):
        key = f"-:-:{figure}:-"
        rows = rows_of(html, api[key]["label_it"])[1:]
        before, *causes, after = (signed(amount) for _, amount in rows)
        assert (before, after) == (api[key]["before"], api[key]["after"])
        assert before + sum(causes) == after
    assert "fabbisogno" not in html.lower().replace("quadro", "")


def test_a_hypothesis_is_answered_beside_the_plan_and_nothing_is_written(planner: Served) -> None:
    head = asked(planner, f"/plans/{AMBITO}")
    address = "/e-se?alloggi=5&comune=019036&ente=aler-bcm"
    rows = rows_of(page(planner, address), "Alloggi liberi assegnabili")
    free = asked(planner, f"/plans/{AMBITO}/figures/-:-:free_assignable:-")["item"]["value"]
    assert [signed(amount) for _, amount in rows[1:]] == [free, 5, free + 5]
    assert rows[2][0] == "Ipotesi: alloggi che si liberano, Cremona"
    assert page(planner, address) == page(planner, address)  # who gets the address sees the same
    assert asked(planner, f"/plans/{AMBITO}")["hash"] == head["hash"]
    refused = words(page(planner, "/e-se?alloggi=200&comune=019001&ente=comune-019001"))
    assert "alloggi occupati nel comune di Acquanegra Cremonese, non 200" in refused


def test_works_are_chosen_by_whose_and_where_they_are(planner: Served) -> None:
    """Of each what the registry says of homes with these works: counted here home by home."""
    standing: dict[str, Unit] = {}
    for message in synthetic().past:
        if isinstance(message.event, UnitChanged):
            standing[message.event.unit_id] = message.event.after
    open_works = Counter(unit.works.programme for unit in standing.values() if unit.works)
    offered = dict(
        re.findall(r'<option value="([^"]+)">([^<]+)</option>', choices(page(planner, "/e-se"), "programma"))
    )
    assert offered.keys() == open_works.keys()
    for programme, homes in open_works.items():
        assert f": {homes} allogg{'io' if homes == 1 else 'i'}, fine prevista " in offered[programme]
    linked = choices(page(planner, "/e-se?programma=ALTRO"), "programma")
    assert '<option value="ALTRO" selected>ALTRO</option>' in linked


def choices(html: str, name: str) -> str:
    found = re.search(f'<select[^>]* name="{name}">(.*?)</select>', html, re.DOTALL)
    assert found, name
    return found[1]


def test_other_rules_are_answered_with_the_quotas_and_limits_that_they_move(planner: Served) -> None:
    """As the API answers them, and nothing of households; what is not whole or out of bounds is told, not left out."""
    html = page(planner, "/e-se?regola=indigence_share&valore=25&regola=sat_set_aside_share&valore=12,5")
    rules = [row[:3] for row in rows_of(html, "Le regole che cambiano")[1:]]
    assert rules == [
        ["Quota minima per i nuclei indigenti", "20%", "25%"],
        ["Quota massima per i servizi abitativi transitori", "10%", "12,5%"],
    ]
    supposed = [
        {"parameter": "indigence_share", "value": "0.25"},
        {"parameter": "sat_set_aside_share", "value": "0.125"},
    ]
    answered = posted(planner, f"/plans/{AMBITO}/what-if", {"rules": supposed})
    limits = rows_of(html, "Quote e limiti che cambiano")[1:]
    assert sorted(int(row[4].replace(".", "")) for row in limits) == sorted(one["after"] for one in answered["limits"])
    assert "Casi di emergenza abitativa aperti" not in html
    assert "Azioni proposte" not in html
    refused = words(page(planner, "/e-se?alloggi=5&regola=indigence_share&valore=125&regola=sat_baseline&valore=1"))
    assert "servono quanti (da 1 a 200), il comune e l’ente" in refused
    assert "il valore «125» non va; serve un numero da 0 a 100%" in refused
    assert "«sat_baseline» non va" in refused
    assert "Quote e limiti" not in refused


def test_completeness_counts_municipalities_and_names_who_is_missing(tmp_path: Path) -> None:
    """All have declared but four; of one of these it is on record."""
    two = SORESINA, CREMONA
    filed = [m for m in synthetic().past if isinstance(m.event, SubmissionReceived) and m.event.municipality not in two]
    default = SubmissionDefaulted(
        default_id=derived("inadempienza"),
        ambito=AMBITO,
        cycle_year=2025,
        owner=f"comune-{SORESINA}",
        owner_kind=OwnerKind.MUNICIPALITY,
        municipality=SORESINA,
        recorded_on=UNTIL,
        reason="sollecitato due volte",
    )
    with planner_serving(tmp_path) as served:
        served.hear(*filed, stated(default, "inadempienza"))
        told = page(served, "/completezza")
    assert "44 su 48" in words(told)
    missing = [
        ["Cappella Cantone", "Comune di Cappella Cantone", "non registrata"],
        ["Cremona", "Comune di Cremona", "non registrata"],
        ["Robecco d'Oglio", "Comune di Robecco d'Oglio", "non registrata"],
        ["Soresina", "Comune di Soresina", "23 novembre 2026"],
    ]
    assert rows_of(told, "Righe mancanti")[1:] == missing


def test_completeness_of_one_municipality_has_its_rows_only(planner: Served) -> None:
    """Where its page leads: Cremona's municipality and the other owners of homes there, each with its row."""
    here = page(planner, f"/comuni/{CREMONA}")
    assert f'href="{PLAN}/completezza?comune={CREMONA}"' in here
    told = page(planner, f"/completezza?comune={CREMONA}")
    rows = rows_of(told, "Dichiarazioni ricevute")[1:]
    assert {row[0] for row in rows} == {"Cremona"}
    owners = {
        m.event.owner
        for m in synthetic().past
        if isinstance(m.event, SubmissionReceived) and m.event.municipality == CREMONA
    }
    assert len(rows) == len(owners) > 1
    assert "su 48" not in words(told)
    assert httpx.get(f"{planner.url}{PLAN}/completezza?comune=999999").status_code == 404


def test_a_municipality_tells_its_need_as_everybody_may_know_it(planner: Served) -> None:
    """In whole fives, as the plan's part 3 has it; of one that has not declared any, that it is not told."""
    told = {row[0]: row[1] for row in rows_of(page(planner, "/parti/3"), "Fabbisogno del triennio, comune per comune")}
    for istat, name in ((CREMONA, "Cremona"), (SORESINA, "Soresina")):
        need = asked(planner, f"/plans/{AMBITO}/figures/{istat}:-:need_3y:-")["item"]["value"] // 1000
        assert (need % 5, told[name]) == (0, number(need))
        shown = words(page(planner, f"/comuni/{istat}"))
        assert f"Famiglie in fabbisogno nel triennio {told[name]} almeno" in shown
        assert "non si pubblica" not in shown
    silent = words(page(planner, f"/comuni/{SILENT}"))
    assert "Il fabbisogno di questo comune non si pubblica" in silent
    assert "Famiglie in fabbisogno" not in silent


def test_a_plan_that_began_today_is_compared_with_today(tmp_path: Path) -> None:
    """Thirty days ago there was nothing: whoever opens the page without a day in mind must not be sent away."""
    with planner_serving(tmp_path) as served:
        served.hear(*(message for message in synthetic().past if isinstance(message.event, SubmissionReceived)))
        told = page(served, "/scostamenti")
    assert 'value="2026-11-23"' in told
    assert "Nessuno dei numeri principali è cambiato" in words(told)
