"""A synthetic housing stock (*patrimonio abitativo*): how many homes, where, whose.

Only the totals resemble reality. Which municipality has how many homes is drawn, and nothing here has an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from shared.events.units import OwnerKind, ServiceType
from shared.territory import Ambito, Municipality, municipality_organisation

ALER = "aler-bcm"
"""ALER Brescia-Cremona-Mantova."""

# About 2,600 ALER and 1,600 communal homes in the Ambito Cremonese (telecolor.net, May 2019); about half of them in
# the lead municipality is an assumption.
ALER_HOMES, ALER_HOMES_IN_LEAD = 2600, 1340
COMMUNAL_HOMES, COMMUNAL_HOMES_IN_LEAD = 1600, 840

VILLAGE_BELOW = 2500
"""Residents below which a municipality counts as a village (assumed)."""
VILLAGE_MAX_HOMES = 40

_VILLAGES_WITHOUT_HOMES = 0.2
_VILLAGE_HOMES_PER_RESIDENT = 0.025
_MANAGED_BY_ALER = 112 / 212
"""Share of the lead municipality's homes run by ALER: of its 212 vacant ones, 112 are."""
_SAS_SHARE = 25 / 1199
"""SAS homes in the Ambito Oglio Po: 25 of 1,199."""
_ACCESSIBLE_SHARE = 0.12
_NEW_HOMES, _NEW_BUILDINGS = 16, 2
_ROOMS = {1: (8, 28, 40), 2: (27, 38, 55), 3: (38, 48, 70), 4: (22, 62, 90), 5: (5, 80, 105)}
"""Rooms: how common, smallest and largest net area in m2 (assumed)."""


@dataclass(frozen=True, slots=True)
class Home:
    """*Alloggio*: what does not change about a home; `new_build` names the programme that is building it."""

    unit_id: str
    municipality: str
    owner: str
    owner_kind: OwnerKind
    manager: str
    service_type: ServiceType
    net_area_m2: Decimal
    rooms: int
    accessible: bool
    new_build: str | None


def build_stock(seed: int, ambito: Ambito) -> Iterator[Home]:
    """All homes of the ambito, by municipality: first ALER's, then the municipality's."""
    counts = count_homes(Random(f"{seed}/stock"), ambito)
    for municipality in ambito.municipalities:
        aler, communal = counts[municipality.istat_code]
        for number in range(1, aler + communal + 1):
            is_lead = municipality is ambito.lead
            is_new = is_lead and aler - _NEW_HOMES < number <= aler
            kind = OwnerKind.ALER if number <= aler else OwnerKind.MUNICIPALITY
            yield _home(seed, municipality.istat_code, number, kind, is_lead=is_lead, is_new=is_new)


def count_homes(rng: Random, ambito: Ambito) -> dict[str, tuple[int, int]]:
    """(ALER, communal) homes by ISTAT code: villages drawn, the rest shared by the larger ones by population."""
    counts = {ambito.lead_istat_code: (ALER_HOMES_IN_LEAD, COMMUNAL_HOMES_IN_LEAD)}
    counts |= {m.istat_code: _village(rng, m) for m in ambito.municipalities if m.population < VILLAGE_BELOW}
    towns = towns_of(ambito)
    aler = split_by_weight(ALER_HOMES - sum(a for a, _ in counts.values()), [m.population for m in towns])
    communal = split_by_weight(COMMUNAL_HOMES - sum(c for _, c in counts.values()), [m.population for m in towns])
    return counts | {m.istat_code: (a, c) for m, a, c in zip(towns, aler, communal, strict=True)}


def towns_of(ambito: Ambito) -> list[Municipality]:
    """Municipalities that are neither the lead nor villages, the most populous first."""
    towns = [m for m in ambito.municipalities if m is not ambito.lead and m.population >= VILLAGE_BELOW]
    return sorted(towns, key=lambda m: (-m.population, m.istat_code))


def _village(rng: Random, village: Municipality) -> tuple[int, int]:
    most = min(VILLAGE_MAX_HOMES, int(village.population * _VILLAGE_HOMES_PER_RESIDENT))
    homes = 0 if rng.random() < _VILLAGES_WITHOUT_HOMES else rng.randint(most // 3, most)
    aler = rng.choice((0, homes * 3 // 5, homes, homes))
    return aler, homes - aler


def split_by_weight(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split by weight into integers that add up to it (largest remainders)."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _home(seed: int, municipality: str, number: int, kind: OwnerKind, *, is_lead: bool, is_new: bool) -> Home:
    unit_id = f"SIM-{municipality}-{number:05d}"
    rng = Random(f"{seed}/home/{unit_id}")
    owner = ALER if kind is OwnerKind.ALER else municipality_organisation(municipality)
    rooms = rng.choices(list(_ROOMS), [common for common, _, _ in _ROOMS.values()])[0]
    _, smallest, largest = _ROOMS[rooms]
    return Home(
        unit_id=unit_id,
        municipality=municipality,
        owner=owner,
        owner_kind=kind,
        manager=ALER if is_lead and rng.random() < _MANAGED_BY_ALER else owner,
        service_type=ServiceType.SAS if rng.random() < _SAS_SHARE else ServiceType.SAP,
        net_area_m2=Decimal(rng.randint(smallest * 100, largest * 100)).scaleb(-2),
        rooms=rooms,
        accessible=rng.random() < _ACCESSIBLE_SHARE,
        new_build=f"SIM-NC-{municipality}-{1 + number % _NEW_BUILDINGS}" if is_new else None,
    )
