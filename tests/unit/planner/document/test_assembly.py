"""The document that is assembled from a plan says what the plan says, and nothing that would name a household."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.planner.document.assembly import document_of, draft_of
from services.planner.document.canonical import is_sealed, json_of, read_document
from services.planner.document.model import Cell, Column, Document, DocumentPart, Listing, Paragraph, Span, Table
from services.planner.document.render import pdf_of
from services.planner.document.writing import written
from services.planner.domain.details import Detail, details_of
from services.planner.domain.needs import ALL_HEARD
from services.planner.domain.parts import Material, part_of
from services.planner.domain.state import PlanState
from services.planner.domain.withholding import plan_hash, told_figures
from services.planner.handlers import method_of
from services.planner.settings import PlannerSettings
from shared.events import Cause, FigureChange, Measure, Message, MunicipalityChange, PlanRecomputed, derived
from shared.events.decisions import ObjectiveSet
from shared.events.planning import AccessMeasure
from shared.events.submissions import EmergencyCaseClosed, EmergencyCaseOpened, SubmissionReceived
from tests.support.plan_material import assembled, assembled_synthetic, filed_in, material_of, synthetic_material
from tests.support.planner import UNTIL, stated, synthetic
from tests.support.world import AMBITO

ACQUANEGRA, CREMONA, SORESINA = "019001", "019036", "019098"
SILENT = [["Cappella Cantone", "Comune"], ["Robecco d'Oglio", "Comune"]]
"""Who declares nothing in the synthetic world."""


@pytest.fixture(scope="module")
def document() -> Document:
    return assembled_synthetic()


def tables_of(part: DocumentPart) -> list[Table]:
    return [block for block in part.blocks if isinstance(block, Table)]


def texts_of(part: DocumentPart) -> list[str]:
    told = [block.text for block in part.blocks if isinstance(block, Paragraph)]
    return told + [item.text for block in part.blocks if isinstance(block, Listing) for item in block.items]


def table_of(part: DocumentPart, caption: str) -> Table:
    [found] = [table for table in tables_of(part) if table.caption.startswith(caption)]
    return found


def rows_of(table: Table) -> list[list[str]]:
    return [[written(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows]


def figures_of(document: Document) -> Iterator[tuple[Column, Cell]]:
    for chapter in document.chapters:
        for table in tables_of(chapter):
            for row in table.all_rows:
                yield from ((column, cell) for column, cell in zip(table.columns, row, strict=True) if cell.figure)


def opened() -> dict[str, EmergencyCaseOpened]:
    """Every case there ever was, by its reference."""
    events = [message.event for message in synthetic().past]
    return {event.case_ref: event for event in events if isinstance(event, EmergencyCaseOpened)}


def still_open() -> list[EmergencyCaseOpened]:
    closed = {message.event.case_ref for message in synthetic().past if isinstance(message.event, EmergencyCaseClosed)}
    return [event for reference, event in opened().items() if reference not in closed]


def closing(cases: Sequence[EmergencyCaseOpened]) -> list[Message]:
    told = [{"case_ref": case.case_ref, "municipality": case.municipality, "closed_on": UNTIL} for case in cases]
    return [stated(EmergencyCaseClosed.believed(one | {"reason": "prova"}), f"fine-{one['case_ref']}") for one in told]


def test_it_has_the_seven_parts_and_six_annexes_and_is_sealed(document: Document) -> None:
    assert [part.number for part in document.parts] == list("1234567")
    assert [annex.number for annex in document.annexes] == list("ABCDEF")
    assert is_sealed(document)
    assert document.edition.plan_hash == plan_hash(synthetic_material().plan)
    assert (document.edition.status, document.cover.lead) == ("bozza, non approvato", "Comune di Cremona")


def test_every_figure_in_a_table_is_the_plans(document: Document) -> None:
    """Those that the plan keeps, and those that are computed when somebody asks: by kind, and of columns a to k."""
    material = synthetic_material()
    plan = {key.id: value for key, value in told_figures(material.plan).items()}
    for detail in Detail:
        details = details_of(detail, material.state, material.plan, material.rules)
        plan |= {key.id: value for key, value in details.items() if value is not None}
    of_plan = [(column, cell) for column, cell in figures_of(document) if ":" in cell.figure]
    assert len({cell.figure.partition(":")[0] for _, cell in of_plan}) == 49  # 48 municipalities and the ambito
    for _, cell in of_plan:
        match cell.value:
            case Span(low, high):
                assert (low, high) == (plan[cell.figure], plan[cell.figure.replace("_low:", "_high:")])
            case Decimal() as share:
                assert share * 1000 == plan[cell.figure]
            case int() as households if ":need_" in cell.figure:
                assert households * 1000 == plan[cell.figure]
            case int() as count:
                assert count == plan[cell.figure]
            case None:
                assert cell.figure not in plan
            case text:
                assert text == str(plan[cell.figure])


def test_every_figure_of_the_survey_is_that_of_its_part(document: Document) -> None:
    material = synthetic_material()
    known = {
        figure.id: figure.value
        for place in (None, *material.plan.names)
        for number in (1, 2)
        for figure in part_of(number, material, place).figures
    }
    surveyed = [
        cell for part in document.parts[:2] for table in tables_of(part) for row in table.all_rows for cell in row
    ]
    shown = [cell for cell in surveyed if cell.figure]
    assert len(shown) == 49 * (5 + 6)
    for cell in shown:
        is_exact = cell.value == known[cell.figure]
        assert is_exact or cell.value == 1000 * known[cell.figure]


def test_the_same_plan_gives_the_same_bytes_and_another_day_another_hash(document: Document) -> None:
    messages = synthetic().past
    assert json_of(assembled(messages)) == json_of(document)
    assert json_of(read_document(json_of(document))) == json_of(document)
    then = material_of(messages, date(2025, 6, 30))
    earlier = document_of(then, draft_of(then.plan, 12, ""), filed_in(messages), (), synthetic=True)
    assert earlier.edition.hash != document.edition.hash


def test_no_case_is_named_anywhere(document: Document) -> None:
    told = json_of(document).decode()
    assert len(opened()) > len(still_open()) >= 5
    assert not [reference for reference in opened() if reference in told]
    first = len(still_open()) // 5 * 5
    assert f"aperti nell’ambito: da {first} a {first + 4}." in texts_of(document.parts[5])[0]


def test_fewer_than_five_cases_are_not_counted_and_their_actions_not_told() -> None:
    """One to four, or none: nobody can tell which."""
    few, none = (assembled([*synthetic().past, *closing(still_open()[left:])]).parts[5] for left in (4, 0))
    assert texts_of(few)[0].startswith("Casi di emergenza abitativa aperti nell’ambito: meno di 5.")
    assert texts_of(few)[1:] == ["Con meno di 5 casi aperti le azioni non si pubblicano."]
    assert texts_of(few) == texts_of(none)


def test_needs_are_told_in_steps_of_five_and_not_below_the_first(document: Document) -> None:
    """The need of a municipality follows from its coverage: it goes with it, and is that of the need as it is told."""
    rows = rows_of(table_of(document.parts[2], "Fabbisogno del triennio"))
    assert [row[1] for row in rows].count("meno di 5") > 1
    for row in rows:
        if row[1] == "meno di 5":
            assert row[2:] == ["n.p."] * 2
        else:
            households = Decimal(row[1].replace(".", "").replace(",", "."))
            assert households >= 5
            assert households % 5 == 0
            assert not any(int(end) % 5 for end in row[2].replace(".", "").split("\u2013"))


def needing(**households: int) -> DocumentPart:
    """Part 3 where these municipalities need so many homes, and no other any."""
    material = synthetic_material()
    needs = {
        place: {"need_3y": 1000 * count, "need_3y_low": count, "need_3y_high": count}
        for place, count in [
            *((code[1:], count) for code, count in households.items()),
            (None, sum(households.values())),
        ]
    }
    plan = replace(material.plan, needs=needs, hearsay=ALL_HEARD)
    return document_of(replace(material, plan=plan), draft_of(plan, 1, ""), (), (), synthetic=True).parts[2]


def test_a_need_that_fills_no_step_is_not_told_and_hides_no_other() -> None:
    """Four households in two municipalities are not told at all; of fourteen it is not said where four of them are."""
    alone = needing(c019036=3, c019098=1)
    assert tables_of(alone) == []
    assert texts_of(alone) == [
        "Le famiglie in condizione di bisogno sono troppo poche perché se ne possa pubblicare il numero."
    ]
    rows = {row[0]: row[1:3] for row in rows_of(tables_of(needing(c019036=12, c019098=2))[0])}
    assert (rows["Cremona"], rows["Soresina"]) == (["10", "10\u201315"], ["meno di 5", "n.p."])


def with_measures(*households: int) -> Document:
    """The world in which Cremona's latest declaration has measures that reach so many households."""
    messages = [message for message in synthetic().past if not isinstance(message.event, SubmissionReceived)]
    [own] = [row for row in filed_in(synthetic().past) if (row.owner, row.cycle_year) == (f"comune-{CREMONA}", 2025)]
    measures = tuple(
        AccessMeasure(
            name=f"Misura {count}", budget_eur=Decimal(1850 * count), households=count, rule_of_origin="prova"
        )
        for count in households
    )
    return assembled([*messages, stated(own.having({"measures": measures}), "misure")])


def test_a_measure_that_reaches_two_households_is_told_without_its_budget() -> None:
    """1,850 euro a household: the budget would tell them; and so would the totals, were they of all measures."""
    part = with_measures(2, 9, 6).parts[6]
    assert [row[3:5] for row in rows_of(tables_of(part)[0])] == [
        ["meno di 5", "n.p."],
        ["9", "16.650,00 €"],
        ["6", "11.100,00 €"],
    ]
    assert texts_of(part) == [
        "Nell’ambito le misure dichiarate sono 3; quelle che raggiungono almeno 5 nuclei ne raggiungono 15 "
        "con 27.750 euro."
    ]


def objective(figure: str, baseline: int, target: int) -> Message:
    event = ObjectiveSet(
        objective_id=derived(figure),
        ambito=AMBITO,
        municipality=CREMONA,
        revision=1,
        text="Più alloggi",
        owner=f"comune-{CREMONA}",
        figure=figure,
        baseline=baseline,
        starts_on=date(2026, 1, 1),
        target=target,
        due_on=date(2028, 12, 31),
        reason="prova",
        on=date(2026, 11, 1),
        organisation=f"comune-{CREMONA}",
    )
    return stated(event, figure)


def test_objectives_stand_beside_what_the_plan_says_now_but_not_of_a_municipalitys_households() -> None:
    """The synthetic world has 4,152 homes."""
    homes, households = "-:-:stock_total:-", f"{CREMONA}:-:need_3y:-"
    part = assembled([*synthetic().past, objective(homes, 4000, 4100), objective(households, 90000, 2000)]).parts[4]
    [pursued] = [table for table in tables_of(part) if table.caption == "Obiettivi fissati dal Comune capofila"]
    cremonas, ambitos = sorted(rows_of(pursued))
    need = "Più alloggi (Fabbisogno abitativo primario del triennio, famiglie)"
    assert cremonas == ["Cremona", "Comune", need, "n.p.", "n.p.", "2,0", "31 dicembre 2028", "n.p."]
    assert ambitos[2:6] == ["Più alloggi (Alloggi in patrimonio)", "4.000", "4.152", "4.100"]
    assert ambitos[6:] == ["31 dicembre 2028", "raggiunto"]


def without_declarations_of(place: str) -> Document:
    own = [event for event in filed_in(synthetic().past) if event.municipality == place]
    return assembled([message for message in synthetic().past if message.event not in own])


def test_who_declared_nothing_is_listed_as_missing() -> None:
    document = without_declarations_of(SORESINA)
    assert rows_of(tables_of(document.annexes[2])[0]) == [*SILENT, ["Soresina", "ALER"], ["Soresina", "Comune"]]
    assert "45 dei 48 comuni" in texts_of(document.submissions)[0]


def test_a_municipality_without_homes_must_say_so_too() -> None:
    """R.R. 4/2017, art. 5 c. 1: nobody there owns homes, so that nobody else's row is missing."""
    document = without_declarations_of(ACQUANEGRA)
    assert rows_of(tables_of(document.annexes[2])[0]) == [["Acquanegra Cremonese", "Comune"], *SILENT]


def test_the_latest_revision_is_the_one_that_counts() -> None:
    [own] = [row for row in filed_in(synthetic().past) if (row.owner, row.cycle_year) == (f"comune-{CREMONA}", 2025)]
    assert own.columns
    later = own.having({"revision": own.revision + 1, "columns": own.columns.having({"assigned_previous_year": 77})})
    for messages in ([*synthetic().past, stated(later, "dopo")], [stated(later, "dopo"), *synthetic().past]):
        assert ["Cremona", "Comune", "77"] in rows_of(tables_of(assembled(messages).annexes[4])[0])


def test_quotas_follow_the_law_of_the_plans_day(document: Document) -> None:
    """ALER in Annicco declares 2 homes: 20% for indigent households, rounded up, is 1, which leaves 1.

    R.R. 4/2017, art. 13 c. 3; none is set aside as transitional, no share for the forces was chosen.
    """
    rows = rows_of(tables_of(document.annexes[1])[0])
    assert ["Annicco", "ALER", "2", "20,0%", "1", "0", "0", "0", "0", "1"] in rows
    for row in rows:
        available, *granted = (int(text.replace(".", "")) for text in (row[2], *row[4:]))
        assert sum(granted) == available


def version(*causes: dict[str, Any]) -> PlanRecomputed:
    told = tuple(Cause(event_id=UUID(int=place), on=UNTIL, **cause) for place, cause in enumerate(causes, start=1))
    moved = FigureChange(
        figure="free_assignable", label_it="Alloggi liberi assegnabili", measure=Measure.COUNT, before=5, after=6
    )
    change = MunicipalityChange(municipality=SORESINA, name="Soresina", figures=(moved,), causes=told)
    return PlanRecomputed(
        ambito="cremonese", version=3, hash="a" * 64, reference_on=UNTIL, causes=told, changes=(change,)
    )


def test_the_change_log_names_the_fact_and_no_emergency() -> None:
    case = {"kind": "emergency-case-opened", "subject": "CASO-1", "municipality": SORESINA}
    home = {"kind": "unit-vacated", "subject": "SIM-1", "municipality": SORESINA, "organisation": "aler-bcm"}
    messages = synthetic().past
    log = rows_of(tables_of(assembled(messages, [version(case, home)]).annexes[3])[0])
    assert [row[3] for row in log] == [str(UUID(int=2))]
    assert "Soresina: alloggi liberi assegnabili da 5 a 6, perché ALER ha comunicato il rilascio" in log[0][2]
    assert rows_of(tables_of(assembled(messages, [version(case)]).annexes[3])[0]) == []


def test_an_ambito_of_which_nothing_is_known_has_a_document_too() -> None:
    """No territory, no home, no declaration: it says so, and can be printed."""
    method = method_of(PlannerSettings())
    state = PlanState("altrove", method.bands)
    plan = method.plan_of(state)
    material = Material(plan, state, method.law(plan.reference_on), None, {}, {}, ())
    document = document_of(material, draft_of(plan, 1, ""), (), (), synthetic=False)
    assert document.cover.ambito == "Ambito altrove"
    assert texts_of(document.parts[2]) == [
        "Nessun comune ha ancora dichiarato dati sul fabbisogno: non se ne può stimare alcuno."
    ]
    assert pdf_of(document).startswith(b"%PDF-1.7")
