"""What the public pages call the plan's figures, in both languages."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from services.planner.domain.labels import LABELS
from services.planner.domain.publication import STEP, is_few, step_it, step_of
from shared.pages import say
from shared.problem_texts import Text


class MapFigure(NamedTuple):
    """A figure that the map can show; `classes` are the lowest values of its five colours, in units of `map_values`."""

    figure: str
    choice: Text
    one: Text
    many: Text
    classes: tuple[int, ...]


MapChoice = Literal["assegnabili", "liberi", "da-recuperare", "senza-titolo"]
# One tenth of a home is "0,1 alloggi".
_ASSIGNABLE: Final = Text("alloggi assegnabili nel triennio", "homes to be assigned in the three years")
# The classes never follow the data: a legend must still be true after the page has been updated under it.
MAPS: Final[dict[MapChoice, MapFigure]] = {
    "assegnabili": MapFigure(
        "assignable_mean",
        Text("Assegnabili nel triennio", "To be assigned in the three years"),
        _ASSIGNABLE,
        _ASSIGNABLE,
        (0, 10, 50, 200, 500),
    ),
    "liberi": MapFigure(
        "free_assignable",
        Text("Liberi assegnabili", "Free, ready to be assigned"),
        Text("alloggio libero assegnabile", "home free, ready to be assigned"),
        Text("alloggi liberi assegnabili", "homes free, ready to be assigned"),
        (0, 1, 2, 5, 10),
    ),
    "da-recuperare": MapFigure(
        "needing_works",
        Text("Da recuperare", "Needing works"),
        Text("alloggio inagibile, da recuperare", "uninhabitable home that needs works"),
        Text("alloggi inagibili, da recuperare", "uninhabitable homes that need works"),
        (0, 1, 3, 10, 30),
    ),
    "senza-titolo": MapFigure(
        "occupied_without_title",
        Text("Occupati senza titolo", "Occupied without title"),
        Text("alloggio occupato senza titolo", "home occupied without title"),
        Text("alloggi occupati senza titolo", "homes occupied without title"),
        (0, 1, 2, 5, 10),
    ),
}

_SHORT: Final = {"needing_works": "Da recuperare", "in_works": "In lavori"}
_ENGLISH: Final = {
    "stock_total": "In stock",
    "occupied": "Assigned and occupied",
    "occupied_without_title": "Occupied without title",
    "free_assignable": "Free, ready to be assigned",
    "free_state_of_fact": "Free, as they are",
    "in_notice": "In a public notice",
    "sat_reserved": "Reserved for temporary services",
    "sat_occupied": "Assigned as temporary services",
    "needing_works": "Needing works",
    "in_works": "Under works",
    "in_disposal_plan": "In the disposal plan",
    "valorised": "Valorised",
    "in_construction": "Under construction",
}


def short(figure: str) -> str:
    """`Liberi assegnabili` for `Alloggi liberi assegnabili`; the column or tile says elsewhere that they are homes."""
    italian = _SHORT.get(figure) or LABELS[figure].overall.removeprefix("Alloggi ").capitalize()
    return say(italian, _ENGLISH[figure])


def level() -> str:
    """How sure an interval is."""
    return say("(80 su 100)", "(80 in 100)")


def tile_note(figure: str, *, is_now: bool = True) -> str:
    note = say("alloggi", "homes")
    if figure == "needing_works":
        note = say("alloggi inagibili", "uninhabitable homes")
    return note + say(", adesso", ", now") if is_now else note


def in_steps(households: int) -> str:
    """How many households or cases, as everybody is told: `meno di 5`, `da 5 a 9`."""
    first = step_of(households)
    return say(step_it(households), f"fewer than {STEP}" if is_few(households) else f"{first} to {first + STEP - 1}")
