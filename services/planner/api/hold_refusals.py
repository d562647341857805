"""What keeps a home from being held for a case: who asks, what is not so, and who was first."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.planner.domain.cases import Case
from services.planner.domain.emergency.allowances import sat_allowances
from services.planner.domain.emergency.placing import demand_of, is_suitable
from services.planner.domain.holds import HoldStatus
from services.planner.domain.homes import SUITABLE, Bucket
from services.planner.domain.rules import Rules
from services.planner.store import holds as store
from services.planner.tables import CaseRow, HoldRow, HomeRow
from shared.arrivals import Arrival
from shared.civil_time import ROME
from shared.events import UnitStatus
from shared.problems import FieldError, Problem, Text, invalid, of_status
from shared.roles import Reach


def may_decide(arrival: Arrival, municipality: str) -> bool:
    """The lead municipality for all of its ambito, a municipality for its own cases."""
    return arrival.reach is Reach.ALL or arrival.who.istat_code == municipality


async def case_for(session: AsyncSession, arrival: Arrival, case_ref: str) -> CaseRow:
    """The open case; raises `Problem` 422, the same for one that is not there and one of another municipality."""
    row = await store.open_case(session, arrival.who.ambito, case_ref)
    if row is None or not may_decide(arrival, row.municipality):
        raise invalid([FieldError("/case_ref", case_ref, _NO_CASE, _NO_CASE_REMEDY)])
    return row


async def home_for(session: AsyncSession, case: CaseRow, unit_id: str, rules: Rules) -> HomeRow:
    """The home, free or set aside, that suits the case; raises `Problem` 422."""
    row = await store.vacant_home(session, case.ambito, unit_id)
    if row is None or row.status not in SUITABLE:
        raise invalid([FieldError("/unit_id", unit_id, _NOT_FREE, _NOT_FREE_REMEDY)])
    wanted = demand_of(Case(**case.model_dump(exclude={"ambito", "case_ref"})), rules.bands.largest_household)
    assert row.size_class is not None
    assert row.accessible is not None
    bucket = Bucket(False, row.municipality or "", row.accessible, row.size_class, row.owner or "")
    if not is_suitable(bucket, wanted):
        raise invalid([FieldError("/unit_id", unit_id, _UNSUITABLE, _UNSUITABLE_REMEDY)])
    return row


async def check_free(session: AsyncSession, ambito: str, unit_id: str, case_ref: str) -> None:
    """Raises `Problem` 409 that names who has the home, or what the case has, and until when."""
    if (row := await store.active_hold_of_unit(session, ambito, unit_id)) is not None:
        raise _conflict("home-held", _HELD if row.status == HoldStatus.HELD else _PLACED, row)
    if (row := await store.active_hold_of_case(session, ambito, case_ref)) is not None:
        raise _conflict("case-provided", _PROVIDED, row)


async def check_cap(session: AsyncSession, home: HomeRow, rules: Rules) -> None:
    """A home not set aside yet counts against its owner's limit; raises `Problem` 409."""
    if home.status != UnitStatus.FREE_ASSIGNABLE or home.owner is None:
        return
    stock = await store.stock_of_owner(session, home.ambito, home.owner)
    promised = [home.owner] * await store.promised_count(session, home.ambito, home.owner)
    allowance = sat_allowances(stock, promised, rules.sat).get(home.owner)
    if allowance is None or allowance.left == 0:
        detail = _CAP.filled(owner=home.owner, cap=allowance.cap if allowance else 0)
        raise Problem(409, "sat-cap-reached", of_status(409).title, detail)


async def check_still_there(session: AsyncSession, row: HoldRow) -> None:
    """Raises `Problem` 409 when the home was let, squatted or closed since it was held."""
    home = await store.vacant_home(session, row.ambito, row.unit_id)
    if home is None or home.status not in SUITABLE | {UnitStatus.OCCUPIED_SAT}:
        raise Problem(409, "home-gone", of_status(409).title, _GONE.filled(unit=row.unit_id))


def decided(status: HoldStatus) -> Problem:
    """409 of a step that does not follow from the hold's status."""
    return Problem(409, "hold-decided", of_status(409).title, _STATUS[status])


def _conflict(code: str, text: Text, row: HoldRow) -> Problem:
    until = f"{row.expires_at.astimezone(ROME):%d/%m/%Y %H:%M}"
    detail = text.filled(unit=row.unit_id, case=row.case_ref, organisation=row.organisation, until=until)
    return Problem(409, code, of_status(409).title, detail)


_NO_CASE = Text("Non c’è un caso aperto con questo riferimento.", "There is no open case of this reference.")
_NO_CASE_REMEDY = Text("Indicare un caso aperto del proprio Comune.", "Give an open case of your municipality.")
_NOT_FREE = Text("L’alloggio non è libero né riservato.", "The home is neither free nor set aside.")
_NOT_FREE_REMEDY = Text("Scegliere un alloggio tra quelli proposti.", "Choose one of the homes proposed.")
_UNSUITABLE = Text(
    "L’alloggio è troppo piccolo per il nucleo, o non è accessibile.",
    "The home is too small for the household, or not accessible.",
)
_UNSUITABLE_REMEDY = _NOT_FREE_REMEDY
_HELD = Text(
    "L’alloggio {unit} è prenotato da {organisation} fino al {until}.",
    "Home {unit} is held by {organisation} until {until}.",
)
_PLACED = Text(
    "L’alloggio {unit} è già assegnato: lo ha prenotato {organisation}.",
    "Home {unit} has been taken: {organisation} held it.",
)
_PROVIDED = Text(
    "Per il caso {case} c’è già l’alloggio {unit}, prenotato da {organisation}.",
    "Case {case} already has home {unit}, held by {organisation}.",
)
_GONE = Text(
    "L’alloggio {unit} nel frattempo non è più disponibile: rinunciare alla prenotazione e sceglierne un altro.",
    "Home {unit} is not to be had any more: decline the hold and choose another.",
)
_CAP = Text(
    "{owner} ha raggiunto il limite di {cap} alloggi per i servizi abitativi transitori.",
    "{owner} has reached the limit of {cap} homes for transitional housing.",
)
_STATUS = {
    HoldStatus.HELD: Text("La prenotazione non è ancora stata accettata.", "The hold has not been accepted yet."),
    HoldStatus.ACCEPTED: Text("La prenotazione è già stata accettata.", "The hold has been accepted already."),
    HoldStatus.DECLINED: Text("La prenotazione non è stata accettata.", "The hold has been declined."),
    HoldStatus.EXPIRED: Text("La prenotazione è scaduta.", "The hold has expired."),
    HoldStatus.RETURNED: Text("L’alloggio è già stato restituito.", "The home has been given back already."),
}
