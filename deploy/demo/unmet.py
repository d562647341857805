"""The home the demo vacates, and a case that waits for just such a home: so that the emergency actions move too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from deploy.demo.lives import Life
from deploy.demo.stock import ALER, towns_of
from services.planner.law import rules_on
from shared.events.submissions import EmergencyCaseOpened
from shared.events.units import UnitStatus
from shared.territory import Ambito

_OFFERED = (UnitStatus.FREE_ASSIGNABLE, UnitStatus.RESERVED_SAT)
_WAITING_DAYS = 90


@dataclass(frozen=True, slots=True)
class Unmet:
    """Cases that need an accessible home of one size, one more than are free, and a home let today that fits."""

    cases: tuple[EmergencyCaseOpened, ...]
    unit_id: str


def find_unmet(lives: Sequence[Life], ambito: Ambito, until: date) -> Unmet:
    """For the largest accessible home of ALER's that is let in a town."""
    bands = rules_on(until).bands
    towns = {town.istat_code for town in towns_of(ambito)}
    chosen = max(
        (life for life in lives if life.home.municipality in towns and _is_let_by_aler(life, until)),
        key=lambda life: (life.home.accessible, bands.size_class(life.home.net_area_m2), life.home.unit_id),
    )
    people = bands.size_class(chosen.home.net_area_m2)
    free = sum(
        life.home.accessible and bands.size_class(life.home.net_area_m2) >= people
        for life in lives
        if life.moments[-1].status in _OFFERED
    )
    places = [ambito.lead.istat_code] * free + [chosen.home.municipality]
    return Unmet(tuple(_cases(places, people, until)), chosen.home.unit_id)


def _is_let_by_aler(life: Life, until: date) -> bool:
    last = life.moments[-1]
    return last.status is UnitStatus.OCCUPIED and last.on < until and life.home.owner == life.home.manager == ALER


def _cases(places: Sequence[str], people: int, until: date) -> Iterator[EmergencyCaseOpened]:
    """The first has waited longest; all are of the most urgent class."""
    for number, municipality in enumerate(places):
        yield EmergencyCaseOpened(
            case_ref=f"SIM-CASO-{101 + number}",
            municipality=municipality,
            household_size=people,
            accessible=True,
            urgency_class=1,
            waiting_since=until - timedelta(days=_WAITING_DAYS - number),
            deadline_on=until + timedelta(days=_WAITING_DAYS),
        )
