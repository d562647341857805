"""What the public page tells of a version, and what it keeps to itself."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.planner.domain.emergency.actions import ActionKind
from services.planner.domain.forecast import Triennium
from services.planner.domain.plan import compute
from services.planner.domain.publication import news, news_of, public_actions
from shared.events import Cause, FigureChange, Measure, MunicipalityChange, PlanRecomputed
from shared.events.units import UnitStatus
from tests.unit.planner.worlds import AMBITO, CASTELVERDE, CREMONA, NAMES, RULES, TestRegistry, case_opened, folded

ON = date(2026, 11, 23)


def cause(kind: str, municipality: str = CREMONA, organisation: str | None = "aler-bcm", subject: str = "A-1") -> Cause:
    return Cause(
        event_id=UUID(int=1), kind=kind, subject=subject, municipality=municipality, organisation=organisation, on=ON
    )


def count(figure: str, label: str, before: int, after: int, owner: str | None = None) -> FigureChange:
    return FigureChange(figure=figure, label_it=label, owner=owner, measure=Measure.COUNT, before=before, after=after)


def mean(before: int, after: int) -> FigureChange:
    return FigureChange(
        figure="assignable_mean",
        label_it="Alloggi assegnabili nel triennio",
        measure=Measure.THOUSANDTHS,
        before=before,
        after=after,
    )


FREE = count("free_assignable", "Alloggi liberi assegnabili", 5, 6)
CASES = count("open_cases", "Casi di emergenza abitativa aperti", 0, 1)
ACTIONS = count("emergency_actions", "Azioni proposte per l’emergenza abitativa", 0, 2)
OCCUPIED = count("occupied", "Alloggi assegnati e occupati", 9, 8)
VACATED = cause("unit-vacated")
OPENED = cause("emergency-case-opened", organisation="comune-019036", subject="K7")
EMERGENCY = "Emergenza abitativa: aggiornati i casi aperti e le azioni proposte nell’ambito."
SENTENCE = (
    "Cremona: alloggi liberi assegnabili da 5 a 6, alloggi assegnabili nel triennio da 31,2 a 32,2, "
    "perché ALER ha comunicato il rilascio dell’alloggio A-1."
)


def change(figures: list[FigureChange], causes: list[Cause], municipality: str = CREMONA) -> MunicipalityChange:
    return MunicipalityChange(
        municipality=municipality,
        name=NAMES[municipality],
        figures=tuple(figures),
        causes=tuple(causes),
        figure_count=len(figures),
        cause_count=len(causes),
    )


def version(causes: list[Cause], *changes: MunicipalityChange) -> PlanRecomputed:
    return PlanRecomputed(
        ambito=AMBITO, version=2, hash="0" * 64, reference_on=ON, causes=tuple(causes), changes=changes
    )


def test_a_change_is_one_sentence_with_its_cause_and_the_consequences_last() -> None:
    event = version([VACATED], change([OCCUPIED, FREE, mean(31_200, 32_200)], [VACATED]))
    assert news(event, NAMES) == (SENTENCE,)


def test_an_emergency_case_in_the_same_batch_leaves_no_trace_in_its_municipality() -> None:
    alone = version([VACATED], change([FREE, mean(31_200, 32_200)], [VACATED]))
    together = version([OPENED, VACATED], change([CASES, ACTIONS, FREE, mean(31_200, 32_200)], [OPENED, VACATED]))
    assert news_of(CREMONA, together, NAMES) == news_of(CREMONA, alone, NAMES) == (SENTENCE,)
    assert news(together, NAMES) == (SENTENCE, EMERGENCY)


def test_a_version_of_emergency_alone_is_told_of_the_ambito_only() -> None:
    event = version([OPENED], change([CASES, ACTIONS], [OPENED]))
    assert news(event, NAMES) == (EMERGENCY,)
    assert news_of(CREMONA, event, NAMES) == ()


def test_a_forecast_that_moved_with_others_is_news_of_its_municipality_only() -> None:
    reflex = change([mean(1000, 1100)], [VACATED], CASTELVERDE)
    event = version([VACATED], change([FREE, mean(31_200, 32_200)], [VACATED]), reflex)
    assert news(event, NAMES) == (SENTENCE,)
    assert news_of(CASTELVERDE, event, NAMES) == (
        "Castelverde: alloggi assegnabili nel triennio da 1,0 a 1,1, "
        "perché ALER ha comunicato il rilascio dell’alloggio A-1 a Cremona.",
    )


@pytest.mark.parametrize(
    ("more", "ending"), [(1, "A-1 e per un’altra comunicazione."), (3, "A-1 e per altre 3 comunicazioni.")]
)
def test_further_causes_are_counted(more: int, ending: str) -> None:
    causes = [VACATED, *[cause("unit-assigned", subject=f"B-{n}") for n in range(more)]]
    (line,) = news(version(causes, change([FREE], causes)), NAMES)
    assert line.endswith(ending)


BEGAN = cause("day-began", organisation=None, subject=AMBITO)


def test_a_day_is_news_wherever_it_moved_something() -> None:
    quiet = change([ACTIONS], [BEGAN])
    moved = change([mean(1000, 1100)], [BEGAN], CASTELVERDE)
    sentence = "Castelverde: alloggi assegnabili nel triennio da 1,0 a 1,1, perché è cominciato il 23 novembre 2026."
    assert news(version([BEGAN], quiet, moved), NAMES) == news_of(CASTELVERDE, version([BEGAN], moved), NAMES)
    assert news(version([BEGAN], quiet, moved), NAMES) == (sentence,)
    assert news(version([BEGAN]), NAMES) == ()


def test_a_day_that_moves_many_municipalities_is_told_once() -> None:
    """As the first of a quarter does: what the last one has shown is learned."""
    many = [change([mean(1000, 1100)], [BEGAN]).model_copy(update={"name": f"Comune {n}"}) for n in range(5)]
    assert news(version([BEGAN], *many), NAMES) == (
        "Aggiornati i numeri di 5 comuni, perché è cominciato il 23 novembre 2026.",
    )


def test_figures_of_one_owner_or_year_are_left_to_the_municipality_tables() -> None:
    owners = count("free_assignable", "Alloggi liberi assegnabili", 2, 3, owner="aler-bcm")
    assert news(version([VACATED], change([owners], [VACATED])), NAMES) == ()


def test_a_hold_is_as_discreet_as_its_case() -> None:
    held = cause("hold-placed", organisation="comune-019036", subject="H1")
    event = version([held], change([ACTIONS], [held]))
    assert news(event, NAMES) == (EMERGENCY,)
    assert news_of(CREMONA, event, NAMES) == ()


def test_actions_are_told_once_each_without_case_municipality_or_home() -> None:
    registry = TestRegistry()
    for number in range(27):
        registry.register(f"L{number}", UnitStatus.OCCUPIED)
    registry.register("S1", UnitStatus.RESERVED_SAT)
    registry.register("SF", UnitStatus.FREE_STATE_OF_FACT)
    registry.register("T1", UnitStatus.OCCUPIED_SAT, date(2025, 1, 1), sat_ends_on=date(2025, 12, 31))
    cases = [case_opened(f"C{number}", 901 + number, municipality=CASTELVERDE, arrears=True) for number in range(5)]
    plan = compute(folded([*registry.sent, *cases]), Triennium(2026), RULES, NAMES)
    assert {action.kind for action in plan.actions} == set(ActionKind) - {ActionKind.RESERVE_AS_SAT}
    assert public_actions(plan) == (
        "Offrire alloggi disponibili ai casi di emergenza aperti (L.R. 16/2016, art. 23 c. 13).",
        "Chiedere agli enti di rendere assegnabili altri alloggi (L.R. 16/2016, art. 23 c. 13).",
        "Prendere in locazione alloggi per i casi di emergenza aperti (L.R. 16/2016, art. 31).",
        "Attivare il fondo per la morosità incolpevole (L.R. 16/2016, titolo V).",
    )
