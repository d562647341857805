"""What a notice says, word for word."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.notifier.domain.wording import reason
from shared.events import REPORTS, Cause, Event, Measure
from shared.wording import KINDS, amount, began

NAMES = {"019036": "Cremona", "019026": "Castelverde"}


def cause(kind: str, organisation: str | None = "aler-bcm", municipality: str = "019036") -> Cause:
    on = date(2026, 11, 1)
    return Cause(
        event_id=UUID(int=1), kind=kind, subject="SIM-1", municipality=municipality, organisation=organisation, on=on
    )


OTHERS = ("submissions", "emergency-cases", "plan-decisions")
OF_NOBODY = {"day-began", "comment-replied"}
"""Told in words of their own: nobody has reported a day, and a comment moves no plan."""


def test_every_kind_of_event_that_moves_a_plan_has_italian_words() -> None:
    others = {cls.name() for cls in Event.REGISTRY.values() if cls.TOPIC in OTHERS}
    assert set(KINDS) == set(REPORTS) | others - OF_NOBODY
    assert all(words.count("{}") == 1 for words in KINDS.values())


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            cause("unit-vacated"),
            "perché ALER ha comunicato il rilascio dell’alloggio SIM-1 (1º novembre 2026)",
        ),
        (
            cause("works-completed", "comune-019026", "019026"),
            "perché il Comune di Castelverde ha comunicato la conclusione dei lavori nell’alloggio SIM-1 a Castelverde"
            " (1º novembre 2026)",
        ),
        (
            cause("unit-teleported", None),
            "perché è stata ricevuta la comunicazione: un fatto che riguarda SIM-1 (1º novembre 2026)",
        ),
        (
            cause("unit-sold", "comune-015146", "015146"),
            "perché comune-015146 ha comunicato la vendita dell’alloggio SIM-1 a 015146 (1º novembre 2026)",
        ),
        (cause("day-began", None), "perché è cominciato il 1º novembre 2026"),
        (cause("day-began", None, "019026"), "perché è cominciato il 1º novembre 2026"),
    ],
)
def test_a_reason_names_who_said_what_about_which_home_where_and_when(told: Cause, words: str) -> None:
    assert reason(told, "019036", NAMES) == words


@pytest.mark.parametrize(("day", "words"), [(8, "l’8"), (9, "il 9"), (11, "l’11"), (18, "il 18"), (24, "il 24")])
def test_the_article_goes_with_the_day(day: int, words: str) -> None:
    assert began(date(2026, 11, day)) == f"è cominciato {words} novembre 2026"


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        (Measure.COUNT, 1204, "1.204"),
        (Measure.COUNT, 0, "0"),
        (Measure.COUNT, None, "nessun dato"),
        (Measure.THOUSANDTHS, 9000, "9,0"),
        (Measure.THOUSANDTHS, 9050, "9,1"),  # half up; half to even would give 9,0
        (Measure.THOUSANDTHS, 1234567, "1.234,6"),
    ],
)
def test_amounts_are_written_as_italians_write_them(measure: Measure, value: int | None, words: str) -> None:
    assert amount(measure, value) == words
