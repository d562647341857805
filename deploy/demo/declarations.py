"""What the owners of the synthetic stock declare, and the emergency cases of its municipalities."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from deploy.demo.lives import Life, Moment
from deploy.demo.stock import ALER, towns_of
from deploy.demo.territory import HOUSEHOLD_SIZES, territory_of
from deploy.demo.three_years import PLAUSIBLE_TURNOVER, three_years_of_stock
from shared.events.base import derived
from shared.events.submissions import AnnualColumns, EmergencyCaseClosed, EmergencyCaseOpened, SubmissionReceived
from shared.events.units import OwnerKind, Report, ServiceType, UnitAssigned, UnitStatus, UnitVacated
from shared.territory import Ambito, Municipality, municipality_organisation

Case = EmergencyCaseOpened | EmergencyCaseClosed

_OUT_OF_STOCK = (UnitStatus.SOLD, UnitStatus.BARTERED, UnitStatus.DEMOLISHED, UnitStatus.IN_CONSTRUCTION)
_AS_IS_SHARE = Decimal("0.2")
"""Share of the homes in the state of fact that an owner means to assign as they are (assumed)."""
_LATE_MUNICIPALITIES = 2
_SILENT = 2
_ACCESSIBLE_CASES = 0.1
_CLOSED_CASES = 24
_OPEN_CASES = (7, 11)
_URGENCY_CLASSES = {1: 25, 2: 40, 3: 35}
_CASE_TOWNS = 4


def declare(seed: int, ambito: Ambito, lives: Sequence[Life], until: date) -> list[SubmissionReceived]:
    """The declarations behind the triennium that begins in the year of `until`: ALER per municipality, and each
    municipality for itself, but for those that `silent` names.

    They were due on 31 October of the year before (R.R. 4/2017, art. 5), which is their `cycle_year`. Columns state the
    homes on the day they are sent and look at the following calendar year; the homes assigned are those of the calendar
    year before.
    """
    due_on = date(until.year - 1, 10, 31)
    by_owner: dict[tuple[str, str], list[Life]] = {}
    for life in lives:
        by_owner.setdefault((life.home.municipality, life.home.owner), []).append(life)
    towns = {ambito.lead, *towns_of(ambito)}
    unheard = silent(seed, ambito)
    rows = []
    for where, owner, received_on in _sent(Random(f"{seed}/declarations"), ambito, due_on):
        if owner != ALER and where in unheard:
            continue
        stock = by_owner.get((where.istat_code, owner), [])
        is_lead = where is ambito.lead and owner != ALER
        columns = _columns(stock, received_on, is_lead=is_lead) if stock else None
        rng = Random(f"{seed}/three-years/{owner}/{where.istat_code}")
        more = three_years_of_stock(rng, owner, stock, columns, received_on, due_on.year) if columns else {}
        if owner != ALER:
            more |= territory_of(rng, where, due_on.year, is_town=where in towns)
        row = SubmissionReceived(
            submission_id=derived(f"demo/{seed}/submission/{due_on.year}/{owner}/{where.istat_code}"),
            ambito=ambito.code,
            cycle_year=due_on.year,
            owner=owner,
            owner_kind=OwnerKind.ALER if owner == ALER else OwnerKind.MUNICIPALITY,
            municipality=where.istat_code,
            revision=1,
            nil=not stock,
            columns=columns,
            received_on=received_on,
            late=received_on > due_on,
            **more,
        )
        rows.append(row)
    return sorted(rows, key=lambda row: (row.received_on, row.municipality, row.owner))


def silent(seed: int, ambito: Ambito) -> list[Municipality]:
    """The small municipalities that declare nothing, so that the lead municipality records their default."""
    towns = {ambito.lead, *towns_of(ambito)}
    return Random(f"{seed}/silent").sample([one for one in ambito.municipalities if one not in towns], _SILENT)


def _sent(rng: Random, ambito: Ambito, due_on: date) -> Iterator[tuple[Municipality, str, date]]:
    """Of whom, about which municipality, and when declarations come in: ALER's together, two municipalities' late."""
    late = rng.sample(ambito.municipalities, _LATE_MUNICIPALITIES)
    aler_on = due_on - timedelta(days=rng.randrange(20))
    for where in ambito.municipalities:
        days = rng.randint(1, 25) if where in late else -rng.randrange(30)
        yield where, ALER, aler_on
        yield where, municipality_organisation(where.istat_code), due_on + timedelta(days=days)


def _columns(lives: Sequence[Life], on: date, *, is_lead: bool) -> AnnualColumns:
    """Columns a-k of one owner in one municipality as the homes are on that day; SAS homes only count in a."""
    stock = [life for life in lives if life.at(on).status not in _OUT_OF_STOCK]
    sap = [life for life in lives if life.home.service_type is ServiceType.SAP]
    now = [life.at(on) for life in sap]

    def count(*statuses: UnitStatus) -> int:
        return sum(m.status in statuses for m in now)

    def ending(status: UnitStatus) -> int:
        ends = [m.works.expected_end_on.year for m in now if m.status is status and m.works]
        return ends.count(on.year + 1)

    waiting = sum(m.status is UnitStatus.FREE_STATE_OF_FACT and m.works is None for m in now)
    as_is = int(waiting * _AS_IS_SHARE)
    renovated = ending(UnitStatus.IN_WORKS)
    built = ending(UnitStatus.IN_CONSTRUCTION)
    free = count(UnitStatus.FREE_ASSIGNABLE)
    vacated = sum(on - timedelta(days=365) < moment.on <= on for moment in _of(sap, UnitVacated))
    turnover = min(vacated, int(count(UnitStatus.OCCUPIED) * PLAUSIBLE_TURNOVER))
    return AnnualColumns(
        stock_sap=sum(life.home.service_type is ServiceType.SAP for life in stock),
        stock_sas=sum(life.home.service_type is ServiceType.SAS for life in stock),
        as_is_assignable=as_is,
        under_renovation_assignable=renovated,
        new_build_assignable=built,
        free_now=free,
        turnover_expected=turnover,
        assignable_total=as_is + renovated + built + free + turnover,
        indigence_share=Decimal("0.25") if is_lead else Decimal("0.20"),
        forces_share=Decimal("0.05") if is_lead else None,
        sat_units=count(UnitStatus.RESERVED_SAT, UnitStatus.OCCUPIED_SAT),
        assigned_previous_year=sum(moment.on.year == on.year - 1 for moment in _of(sap, UnitAssigned)),
    )


def _of(lives: Sequence[Life], kind: type[Report]) -> Iterator[Moment]:
    return (moment for life in lives for moment in life.moments if isinstance(moment.claim.report, kind))


def open_cases(seed: int, ambito: Ambito, start: date, until: date) -> list[Case]:
    """Emergency cases in order of time; those left open wait in the lead municipality and the largest towns."""
    rng = Random(f"{seed}/cases")
    places = [ambito.lead, *towns_of(ambito)[:_CASE_TOWNS]]
    cases: list[tuple[date, Case]] = []
    for number in range(1, _CLOSED_CASES + 1):
        since = start + timedelta(days=rng.randrange((until - start).days - 200))
        closed_on = since + timedelta(days=rng.randint(20, 200))
        opened = _opened(rng, f"SIM-CASO-{number:03d}", rng.choice(places), since, until)
        closed = EmergencyCaseClosed(
            case_ref=opened.case_ref,
            municipality=opened.municipality,
            closed_on=closed_on,
            reason="Soluzione abitativa trovata",
        )
        cases += [(since, opened), (closed_on, closed)]
    for number in range(rng.randint(*_OPEN_CASES)):
        since = until - timedelta(days=rng.randint(5, 180))
        ref = f"SIM-CASO-{_CLOSED_CASES + 1 + number:03d}"
        cases.append((since, _opened(rng, ref, places[number % len(places)], since, until)))
    return [case for _, case in sorted(cases, key=lambda dated: (dated[0], dated[1].case_ref))]


def _opened(rng: Random, ref: str, where: Municipality, since: date, until: date) -> EmergencyCaseOpened:
    urgency = rng.choices(list(_URGENCY_CLASSES), list(_URGENCY_CLASSES.values()))[0]
    return EmergencyCaseOpened(
        case_ref=ref,
        municipality=where.istat_code,
        household_size=rng.choices(list(HOUSEHOLD_SIZES), list(HOUSEHOLD_SIZES.values()))[0],
        accessible=rng.random() < _ACCESSIBLE_CASES,
        urgency_class=urgency,
        waiting_since=since,
        deadline_on=until + timedelta(days=rng.randint(15, 120)) if urgency == 1 else None,
    )
