"""The job's input, the same for all, and its one right answer.

Reports arrive for 2,600 homes of three ambiti, whose codes fall on three different partitions. Each home's reports
follow a legal life (registered, vacated, works, notice, assigned, ...), with dates that never go back. One report in
fifty is an exact duplicate of an earlier one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from shared.bus.kafka import murmur2
from shared.bus.records import encode
from shared.events import (
    Envelope,
    Event,
    InspectionOutcome,
    Message,
    NoticePublished,
    OwnerKind,
    ServiceType,
    UnitAssigned,
    UnitRegistered,
    UnitStatus,
    UnitVacated,
    Works,
    WorksCompleted,
    WorksKind,
    WorksStarted,
)
from shared.events.units import Report

UNITS, MUNICIPALITIES, DUPLICATES = 2600, 48, 0.02
LIFE = ("vacated", "works_started", "works_done", "notice", "assigned")
VACANT = {"vacated": 1, "assigned": -1}
"""What an outcome adds to its owner's counter of vacant homes."""
FIRST_DAY = date(2026, 1, 1)
Headers = list[tuple[str, str | bytes | None]]
ROME = ZoneInfo("Europe/Rome")


@dataclass(frozen=True, slots=True)
class Home:
    unit_id: str
    municipality: str
    owner: str
    ambito: str


@dataclass(frozen=True, slots=True)
class Reported:
    """One report, before anybody's encoding."""

    event_id: UUID
    home: Home
    effective: date
    outcome: str


@dataclass(frozen=True)
class Answer:
    """What must be there at the end: each accepted report's number, each home's last one, each owner's counters."""

    numbers: dict[tuple[str, int], str]
    last: dict[str, int]
    counters: dict[tuple[str, str], list[int]]


def generate(count: int, seed: int) -> list[Reported]:
    draw = random.Random(seed)
    homes = _homes(draw)
    lives = dict.fromkeys((home.unit_id for some in homes.values() for home in some), 0)
    sent: dict[str, list[Reported]] = {code: [] for code in homes}
    reports = []
    for number in range(count):
        code = draw.choice(list(homes))
        earlier = sent[code]
        if earlier and draw.random() < DUPLICATES:
            reports.append(earlier[-1 - min(int(draw.random() ** 2 * 1000), len(earlier) - 1)])
            continue
        home = draw.choice(homes[code])
        age = lives[home.unit_id]
        lives[home.unit_id] = age + 1
        outcome = LIFE[(age - 1) % len(LIFE)] if age else "registered"
        effective = FIRST_DAY + timedelta(days=300 * number // count)
        report = Reported(UUID(int=draw.getrandbits(128), version=4), home, effective, outcome)
        earlier.append(report)
        reports.append(report)
    return reports


def answer(reports: Sequence[Reported]) -> Answer:
    """Fold the input in order: a home's reports lie on one partition, so there is no other right answer."""
    seen: set[UUID] = set()
    right = Answer({}, {}, {})
    for report in reports:
        if report.event_id in seen:
            continue
        seen.add(report.event_id)
        home = report.home
        number = right.last[home.unit_id] = right.last.get(home.unit_id, 0) + 1
        right.numbers[home.unit_id, number] = str(report.event_id)
        counter = right.counters.setdefault((home.municipality, home.owner), [0, 0])
        counter[0] += 1
        counter[1] += VACANT.get(report.outcome, 0)
    return right


def as_plain(report: Reported) -> tuple[bytes, Headers]:
    """What the competitors read: about 180 bytes of JSON, no headers."""
    home = report.home
    body = {
        "event_id": str(report.event_id),
        "unit_id": home.unit_id,
        "municipality": home.municipality,
        "owner": home.owner,
        "effective": report.effective.isoformat(),
        "outcome": report.outcome,
        "ambito": home.ambito,
    }
    return orjson.dumps(body), []


def as_contract(report: Reported) -> tuple[bytes, Headers]:
    """What the registry reads: the same report under Piano Vivo's wire contract."""
    received = datetime.combine(report.effective, time(12), ROME)
    home = report.home
    envelope = Envelope(
        report.event_id, "urn:bench", received, home.unit_id, home.ambito, report.event_id, organisation=home.owner
    )
    record = encode(Message(envelope, _event(report)))
    return record.value, list(record.headers)


def _event(report: Reported) -> Event:
    home, on = report.home, report.effective
    base: dict[str, Any] = {"unit_id": home.unit_id, "effective_on": on}
    if report.outcome == "registered":
        return _registered(home, on)
    if report.outcome == "vacated":
        return UnitVacated(**base, outcome=InspectionOutcome.UNINHABITABLE)
    if report.outcome == "works_started":
        works = Works(programme="pnrr-1", kind=WorksKind.RENOVATION, expected_end_on=on + timedelta(days=90))
        return WorksStarted(**base, works=works)
    if report.outcome == "notice":
        return NoticePublished(**base, notice="avviso-1")
    simple: dict[str, type[Report]] = {"works_done": WorksCompleted, "assigned": UnitAssigned}
    return simple[report.outcome](**base)


def _registered(home: Home, on: date) -> UnitRegistered:
    return UnitRegistered(
        unit_id=home.unit_id,
        effective_on=on,
        municipality=home.municipality,
        owner=home.owner,
        owner_kind=OwnerKind.ALER if home.owner == "aler" else OwnerKind.MUNICIPALITY,
        manager=home.owner,
        service_type=ServiceType.SAP,
        net_area_m2=Decimal("62.50"),
        rooms=3,
        accessible=False,
        status=UnitStatus.OCCUPIED,
    )


def _homes(draw: random.Random) -> dict[str, list[Home]]:
    codes: dict[int, str] = {}
    for number in range(100):
        code = f"amb-{number:02d}"
        codes.setdefault((murmur2(code.encode()) & 0x7FFFFFFF) % 3, code)  # distinct for 3 and for 12 partitions
    homes: dict[str, list[Home]] = {codes[lane]: [] for lane in sorted(codes)}
    for number in range(UNITS):
        lane = number % 3
        municipality = f"{19000 + lane * 100 + draw.randrange(MUNICIPALITIES):06d}"
        owner = draw.choice(["aler", f"comune-{municipality}"])
        homes[codes[lane]].append(Home(f"U-{codes[lane]}-{number:05d}", municipality, owner, codes[lane]))
    return homes
