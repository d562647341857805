"""An attacker on what is published of households: he reads every number, knows every formula, and asks a solver.

His unknowns are whole numbers: what each municipality counted of each component, in each version. What did not change
between two versions is one unknown. A published number is an interval of a sum, a largest count or a mean of the two
(planner.md §3), for he knows how the plan makes them. A cell below three is *recovered* when no world with the same
publications has three or more in it. Intervals passed on from sum to sum, without a solver, miss what several sums say
together, and would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from services.planner.document.assembly import document_of, draft_of
from services.planner.document.model import Document, Span, Table
from services.planner.domain.parts import Material, part_of
from services.planner.domain.parts.reading import OF_HOUSEHOLDS, for_all
from services.planner.domain.plan import Plan
from services.planner.domain.publication import is_of_households
from services.planner.domain.withholding import told_figures
from tests.support.household_worlds import COUNTS, World

SAFE: Final = 3
MOST: Final = 200
"""More households than any municipality or ambito of the worlds has."""
DERIVED: Final = ("coverage", "access_", "declared_", "need_declared_count", "need_yearly", "need_arrivals")
"""Follow from other published numbers and public ones, or bound nothing more: flows, and what is divided by five."""
Told = Mapping[tuple[str | None, str], int]
"""Every published number of households: whose (None: the ambito), its name, in thousandths."""
Terms = Mapping[int, float]
"""A sum of unknowns, by their place."""


class Cell(NamedTuple):
    """Cella attaccata: a count of one municipality, or its need (twice, so that it is whole), in one version."""

    version: int
    municipality: str
    name: str


def published(material: Material) -> Told:
    """Every number of households that anybody is told, by figure: document, parts, figures; pages print these."""
    found: dict[tuple[str | None, str], int] = {}
    for key, value in told_figures(material.plan).items():
        if is_of_households(key.figure):
            _note(found, key.municipality, key.figure, value)
    for place in (None, *material.plan.names):
        for number in OF_HOUSEHOLDS:
            for figure in part_of(number, for_all(material), place).figures:
                if figure.value is not None and not figure.name.endswith(("_by", "_count", "_clear")):
                    unit = "thousandths" if figure.unit == "THOUSANDTHS" else "whole"
                    _note(found, place, figure.name, int(figure.value), unit)
    for name, span in _printed(document_of(material, draft_of(material.plan, 1, ""), (), (), synthetic=True)):
        assert span in (found[name] // 1000 * 1000, None), f"the document tells another {name}"
    return found


def _note(found: dict[tuple[str | None, str], int], place: str | None, name: str, value: int, unit: str = "") -> None:
    is_thousandths = unit == "thousandths" or (not unit and not name.endswith(("_low", "_high", "_cases")))
    found[place, name] = value if is_thousandths else 1000 * value


def _printed(document: Document) -> Iterator[tuple[tuple[str | None, str], int | None]]:
    """What the tables of the parts that count households print, and under which name."""
    for number in OF_HOUSEHOLDS:
        for block in document.parts[number - 1].blocks:
            for cell in (cell for row in block.all_rows for cell in row) if isinstance(block, Table) else ():
                if cell.figure and "coverage" not in cell.figure:
                    place, name = _named(cell.figure)
                    value = cell.value.low if isinstance(cell.value, Span) else cell.value
                    yield (place, name), value * 1000 if isinstance(value, int) else None


def _named(identifier: str) -> tuple[str | None, str]:
    place, name = identifier.split("/") if "/" in identifier else identifier.split(":")[:3:2]
    return None if place in ("ambito", "-") else place, name


@dataclass
class Attack:
    """Sistema dell'attaccante: unknowns, what is known of their sums, and the cells that are below three.

    A number is told as the lower end of an interval of `width` thousandths, and not at all below `few`.
    """

    width: int = 5000
    few: int = 5000
    most: int = MOST
    is_whole: list[bool] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)
    cells: dict[Cell, int] = field(default_factory=dict)
    small: dict[Cell, int] = field(default_factory=dict)

    def unknown(self, most: float | None = None, *, is_whole: bool = True) -> int:
        self.bounds.append((0, self.most if most is None else most))
        self.is_whole.append(is_whole)
        return len(self.bounds) - 1

    def learn(self, terms: Terms, low: float, high: float = np.inf) -> None:
        self.rows.append((terms, low, high))

    def hear(self, terms: Terms, told: int, until: int | None = None, *, is_high: bool = False) -> None:
        """A published number in thousandths: what it is the number of lies in its step; of a high end, below it.

        Or in a later one, `until` a last one.
        """
        scaled = {place: 1000 * share for place, share in terms.items()}
        below = self.width if is_high and self.width > 1 else 0
        self.learn(scaled, told - below, (told if until is None else until) - below + self.width - 1)

    def mark(self, version: int, place: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            cell = Cell(version, place, name)
            if 0 < value < SAFE and cell in self.cells:
                self.small[cell] = self.cells[cell]

    def recovered(self) -> set[Cell]:
        """The small cells that cannot hold three households, whatever the others hold."""
        left = dict(self.small)
        while left:
            possible = self._raised(left)
            if not possible:
                return set(left)
            left = {cell: place for cell, place in left.items() if cell not in possible}
        return set()

    def _raised(self, cells: Mapping[Cell, int]) -> set[Cell]:
        """As many of the cells as hold three or more in one and the same world that agrees with every publication."""
        count = len(self.bounds)
        switches = {cell: count + number for number, cell in enumerate(cells)}
        raised = [({place: 1.0, switches[cell]: -_safe(cell)}, 0.0, np.inf) for cell, place in cells.items()]
        rows = [*self.rows, *raised]
        entries = [(row, place, share) for row, (terms, _, _) in enumerate(rows) for place, share in terms.items()]
        lines, columns, shares = zip(*entries, strict=True)
        matrix = coo_array((shares, (lines, columns)), shape=(len(rows), count + len(cells)))
        known = LinearConstraint(matrix.tocsc(), [low for _, low, _ in rows], [high for _, _, high in rows])
        lows, highs = zip(*self.bounds, *[(0.0, 1.0) for _ in cells], strict=True)
        goal = np.array([0.0] * count + [-1.0] * len(cells))
        found = milp(
            goal, constraints=known, bounds=Bounds(lows, highs), integrality=[*self.is_whole, *(True for _ in cells)]
        )
        assert found.status == 0, f"the attacker misread something: {found.message}"
        return {cell for cell, place in switches.items() if found.x[place] > 0.5}


def _safe(cell: Cell) -> float:
    """The unknown of a need is twice the need."""
    return 2.0 * SAFE if cell.name == "need_3y" else float(SAFE)


def attack(
    world: World,
    plans: Sequence[Plan],
    versions: Sequence[Told],
    width: int = 5000,
    few: int = 5000,
    most: int = MOST,
) -> Attack:
    """The system of two versions that were published so; of the plans he takes which cells are worth an attack."""
    system = Attack(width, few, most)
    for version, (plan, told) in enumerate(zip(plans, versions, strict=True)):
        assert not {name for _, name in told if not _is_understood(name)}
        places = {place: _municipality(system, world, version, place, told) for place in world.needs[version]}
        _ambito(system, world, places.values(), told)
        for place, need in world.needs[version].items():
            values = {name: float(getattr(need, name)) for name in COUNTS} | {
                "need_3y": plan.needs[place]["need_3y"] / 1000
            }
            system.mark(version, place, values)
    return system


def _is_understood(name: str) -> bool:
    heard = ("need_3y", "need_backlog", "need_departures", "component_", "open_cases")
    return name.startswith((*heard, *DERIVED))


class Unknowns(NamedTuple):
    """Le incognite di un comune: its counts, the largest, their sum, its size classes, and twice its need."""

    counts: Mapping[str, int]
    largest: int
    total: Terms
    sizes: tuple[int, ...]
    need: Terms


def _municipality(system: Attack, world: World, version: int, place: str, told: Told) -> Unknowns:
    found = _declared(system, world, version, place)
    half = {unknown: share / 2 for unknown, share in found.need.items()}
    if (place, "need_3y") not in told:
        system.learn({unknown: 1000 * share for unknown, share in half.items()}, 0, system.few - 1)
        return found
    system.hear(half, told[place, "need_3y"])
    if world.has_flows:
        return found
    low, high = (found.total, found.total) if found.sizes else ({found.largest: 1.0}, found.total)
    system.hear(low if not found.sizes else half, told[place, "need_3y_low"])
    system.hear(high if not found.sizes else half, told[place, "need_3y_high"], is_high=True)
    return found


def _declared(system: Attack, world: World, version: int, place: str) -> Unknowns:
    """Its declaration's unknowns; those of the version before, where it did not declare anew."""
    need = world.needs[version][place]
    same = version > 0 and need == world.needs[version - 1][place]
    first = version - 1 if same else version

    def cell(name: str, most: float | None = None) -> int:
        key = Cell(first, place, name)
        if key not in system.cells:
            system.cells[key] = system.unknown(most)
        return system.cells[key]

    counts = {name: cell(name) for name in COUNTS}
    largest, total = cell("largest"), dict.fromkeys(counts.values(), 1.0)
    sizes = tuple(cell(f"size_{number}") for number in range(6)) if need.linked_total is not None else ()
    whole = cell("linked_total")
    if world.has_flows:
        # It moves with what the others declare, and is not made of the counts alone: any number, another each time.
        twice = system.cells[Cell(version, place, "need_3y")] = system.unknown(4 * system.most, is_whole=False)
        return Unknowns(counts, largest, total, sizes, {twice: 1.0})
    twice = cell("need_3y", 4 * system.most)
    if version and not same:
        _differ(system, [(key, unknown) for key, unknown in system.cells.items() if key[:2] == (version, place)])
    if not same:
        _relate(system, counts, largest, [cell(f"is_{name}", 1) for name in COUNTS])
        if sizes:
            system.learn({whole: -1.0} | dict.fromkeys(sizes, 1.0), 0, 0)
            system.learn({whole: 1.0, largest: -1.0}, 0)
            system.learn(total | {whole: -1.0}, 0)
        system.learn({twice: -1.0} | ({whole: 2.0} if sizes else {largest: 1.0} | total), 0, 0)
    return Unknowns(counts, largest, total, sizes, {twice: 1.0})


def _differ(system: Attack, cells: Sequence[tuple[Cell, int]]) -> None:
    """There is a new version, so something that was declared anew is another number than it was."""
    marks = []
    for key, now in cells:
        was = system.cells[key._replace(version=key.version - 1)]
        for more, less in ((now, was), (was, now)):
            marks.append(system.unknown(1))
            system.learn({more: 1.0, less: -1.0, marks[-1]: -5.0 * system.most}, 1 - 5 * system.most)
    system.learn(dict.fromkeys(marks, 1.0), 1)


def _relate(system: Attack, counts: Mapping[str, int], largest: int, switches: Sequence[int]) -> None:
    """The largest is not below any count, and is one of them."""
    for count, switch in zip(counts.values(), switches, strict=True):
        system.learn({largest: 1.0, count: -1.0}, 0)
        system.learn({largest: 1.0, count: -1.0, switch: float(system.most)}, -system.most, system.most)
    system.learn(dict.fromkeys(switches, 1.0), 1, 1)


def _ambito(system: Attack, world: World, places: Iterable[Unknowns], told: Told) -> None:
    found = list(places)
    sums: dict[str, list[Terms]] = {f"component_{name}": [{one.counts[name]: 1.0} for one in found] for name in COUNTS}
    sums |= {name: [_halved(one.need) for one in found] for name in ("need_3y", "need_backlog")}
    if (None, "need_3y") not in told:
        every = {unknown: 1000 * share for part in sums["need_3y"] for unknown, share in part.items()}
        system.learn(every, 0, system.few - 1)
    if world.has_flows:
        sums.pop("need_backlog")
    elif all(one.sizes for one in found):
        for number in range(6):
            sizes: list[Terms] = [{one.sizes[number]: 1.0} for one in found]
            sums |= {f"need_3y_size_{number + 1}": sizes, f"need_backlog_size_{number + 1}": sizes}
        sums |= {f"{name}_low": sums[name] for name in sums} | {f"{name}_high": sums[name] for name in sums}
    else:
        for name in ("need_3y", "need_backlog"):
            linked = [_halved(one.need) if one.sizes else None for one in found]
            sums[f"{name}_low"] = [whole or {one.largest: 1.0} for one, whole in zip(found, linked, strict=True)]
            sums[f"{name}_high"] = [whole or one.total for one, whole in zip(found, linked, strict=True)]
        for name in COUNTS:
            sums |= {f"component_{name}_{end}": sums[f"component_{name}"] for end in ("low", "high")}
    for (place, name), value in told.items():
        if place is None and name in sums:
            terms = {unknown: share for part in sums[name] for unknown, share in part.items()}
            first, last = _heard(system, world, name, value)
            system.hear(terms, first, last, is_high=name.endswith("_high"))


def _heard(system: Attack, world: World, name: str, told: int) -> tuple[int, int]:
    """What was told of who declared, before as much was added for each household of the others: one step, or several.

    For everybody knows who declared, and how many households live where.
    """
    of, heard = (sum(world.people[place].households for place in found) for found in (world.people, world.needs[0]))
    if of == heard:
        return told, told
    unit = 1000 if name.endswith(("_low", "_high")) else 1
    step = max(system.width // unit, 1)
    start = told // unit - (step if name.endswith("_high") and system.width > 1 else 0)
    least, most = -(-start * heard // of), -(-(start + step) * heard // of) - 1
    return -(-least // step) * step * unit, most // step * step * unit


def _halved(terms: Terms) -> Terms:
    return {unknown: share / 2 for unknown, share in terms.items()}
