"""Simulated housing ambiti with a known truth, as files of events: the past a forecaster sees and what came of it.

Every parameter is drawn anew for each world, most of them from ranges wider than the model's priors; `Setting` names
what disturbs the exits. The forecast shares no code with it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from services.planner.forecasting.event_file import HEADER

SIZES = {"S": 0.3, "M": 0.4, "L": 0.2, "XL": 0.1}


class Setting(StrEnum):
    CALM = "calm"
    SHOCKS = "shocks shared by all municipalities"
    DRIFT = "drift (random walk)"
    TREND = "steady trend"
    SHIFT = "level shift"
    LOCAL = "each municipality drifts and shifts by itself"
    SEASONAL = "strong seasons"
    NOISY = "noisy months"
    PRIOR = "wrong priors"
    SMALL = "small ambito"
    SHORT = "one year of history"


@dataclass
class Cell:
    municipality: str
    owner: str
    size: str
    rate: float
    occupied: list[int] = field(default_factory=list)


@dataclass
class World:
    """`months_before` and `months_ahead` of the origin."""

    seed: int
    setting: Setting
    origin: date = date(2023, 1, 1)
    months_before: int = 60
    months_ahead: int = 36

    def __post_init__(self) -> None:
        self.random = Random(f"{self.setting}/{self.seed}")
        if self.setting is Setting.SHORT:
            self.months_before = 12
        self.months = self.months_before + self.months_ahead
        self.rows: list[tuple[date, str, int, Cell, str]] = []
        self.units = 0

    def lines(self) -> Iterator[str]:
        """The file, in the order of its days."""
        self.live()
        yield ",".join(HEADER) + "\n"
        for seq, (on, kind, unit, cell, ref) in enumerate(sorted(self.rows, key=lambda row: row[0])):
            yield f"{seq},{self.seed}-{seq:07},{on},{kind},{unit},{cell.municipality},{cell.owner},{cell.size},{ref}\n"

    def day(self, month: int) -> date:
        absolute = self.origin.year * 12 + self.origin.month - 1 - self.months_before + month
        first = date(absolute // 12, absolute % 12 + 1, 1)
        return first + timedelta(days=self.random.randrange(28))

    def tell(self, month: int, kind: str, unit: int, cell: Cell, ref: str = "") -> None:
        self.rows.append((self.day(month), kind, unit, cell, ref))

    def live(self) -> None:
        self.settle()
        factors = self.common_factors()
        local = {cell.municipality: self.local_factors() for cell in self.cells}
        for month in range(self.months):
            self.let_the_ready(month)
            for cell in self.cells:
                self.vacate(cell, month, cell.rate / 12 * factors[month] * local[cell.municipality][month])
            self.restore(month)
            self.sell(month)
        self.build()

    def settle(self) -> None:
        """Municipalities, their homes, owners and rates on the first day."""
        r = self.random
        towns = r.randint(12, 20) if self.setting is Setting.SMALL else r.randint(30, 60)
        stock = r.randint(150, 450) if self.setting is Setting.SMALL else r.randint(1800, 6000)
        weights = [math.exp(r.gauss(0, 1.4)) for _ in range(towns)]
        weights[0] = sum(weights) * r.uniform(0.5, 2.0)
        base = math.exp(r.gauss(math.log(0.035), 0.25))
        self.ready_share = r.uniform(0.3, 0.6)
        if self.setting is Setting.PRIOR:
            base, self.ready_share = r.choice([0.012, 0.09]), r.choice([0.12, 0.88])
        owners = {name: math.exp(r.gauss(0, 0.2)) for name in ("ALER", "COMUNE")}
        sizes = {name: math.exp(r.gauss(0, 0.15)) for name in SIZES}
        alike, aler_share = math.exp(r.uniform(math.log(4), math.log(60))), r.uniform(0.35, 0.75)
        vacant_share = r.uniform(0.05, 0.2)
        self.cells: list[Cell] = []
        self.ready: list[tuple[int, int, Cell]] = []
        self.waiting: dict[str, list[tuple[int, Cell]]] = defaultdict(list)
        for town, weight in enumerate(weights):
            homes, multiplier = round(stock * weight / sum(weights)), r.gammavariate(alike, 1 / alike)
            cells: dict[tuple[str, str], Cell] = {}
            for _ in range(homes):
                owner = "ALER" if r.random() < aler_share else "COMUNE"
                size = r.choices(list(SIZES), list(SIZES.values()))[0]
                rate = base * owners[owner] * sizes[size] * multiplier
                cell = cells.setdefault((owner, size), Cell(f"M{town:03}", owner, size, rate))
                unit, vacant = self.units, r.random() < vacant_share
                self.units += 1
                self.rows.append((self.first, "unit_registered", unit, cell, "vacant" if vacant else "occupied"))
                if not vacant:
                    cell.occupied.append(unit)
                elif r.random() < 0.3:
                    heapq.heappush(self.ready, (r.randint(0, 6), unit, cell))
                else:
                    self.waiting[owner].append((unit, cell))
            self.cells += cells.values()
        inflow = base * stock * (1 - self.ready_share) / 2 / 12
        self.capacity = {owner: inflow * r.uniform(0.4, 1.3) for owner in owners}

    @property
    def first(self) -> date:
        absolute = self.origin.year * 12 + self.origin.month - 1 - self.months_before
        return date(absolute // 12, absolute % 12 + 1, 1)

    def common_factors(self) -> list[float]:
        r, months = self.random, range(self.months)
        match self.setting:
            case Setting.SHOCKS:
                sd, keep, level, found = r.uniform(0.08, 0.18), r.uniform(0.85, 0.98), 0.0, []
                level = r.gauss(0, sd)
                for _ in months:
                    level = keep * level + r.gauss(0, sd * math.sqrt(1 - keep * keep))
                    found.append(math.exp(level))
                return found
            case Setting.DRIFT:
                sd, level, found = r.uniform(0.06, 0.18) / math.sqrt(12), 0.0, []
                for _ in months:
                    level += r.gauss(0, sd)
                    found.append(math.exp(level))
                return found
            case Setting.TREND:
                slope = r.choice([-1, 1]) * r.uniform(0.03, 0.08) / 12
                return [math.exp(slope * (month - self.months / 2)) for month in months]
            case Setting.SHIFT:
                at, size = r.randrange(6, self.months - 6), math.exp(r.choice([-1, 1]) * r.uniform(0.15, 0.4))
                return [size if month >= at else 1.0 for month in months]
            case Setting.SEASONAL:
                swing = r.uniform(0.2, 0.4)
                return [1 + swing * math.sin(2 * math.pi * (month % 12) / 12) for month in months]
            case Setting.NOISY:
                return [math.exp(r.gauss(0, 0.3)) for _ in months]
        return [1.0] * self.months

    def local_factors(self) -> list[float]:
        if self.setting is not Setting.LOCAL:
            return [1.0] * self.months
        r, level, found = self.random, 0.0, []
        at, size = r.randrange(self.months), r.gauss(0, 0.25)
        for month in range(self.months):
            level += r.gauss(0, 0.08 / math.sqrt(12))
            found.append(math.exp(level + (size if month >= at else 0.0)))
        return found

    def vacate(self, cell: Cell, month: int, chance: float) -> None:
        """Each occupied home with this chance; between two that leave, a geometric number stay."""
        r, chance, place = self.random, min(chance, 0.5), -1
        leaving = []
        while True:
            place += 1 + int(math.log(1 - r.random()) / math.log(1 - chance))
            if place >= len(cell.occupied):
                break
            leaving.append(place)
        for place in reversed(leaving):
            unit = cell.occupied[place]
            cell.occupied[place] = cell.occupied[-1]
            cell.occupied.pop()
            self.tell(month, "unit_vacated", unit, cell)
            if r.random() < self.ready_share:
                self.tell(month, "unit_assignable", unit, cell)
                heapq.heappush(self.ready, (month + 1 + int(r.expovariate(1 / 3)), unit, cell))
            else:
                self.waiting[cell.owner].append((unit, cell))

    def let_the_ready(self, month: int) -> None:
        while self.ready and self.ready[0][0] <= month:
            _, unit, cell = heapq.heappop(self.ready)
            self.tell(month, "unit_let", unit, cell)
            cell.occupied.append(unit)

    def restore(self, month: int) -> None:
        if month % 12 == 0:
            self.budget = {owner: self.random.lognormvariate(-0.02, 0.2) for owner in self.capacity}
        for owner, capacity in self.capacity.items():
            for _ in range(poisson(self.random, capacity * self.budget[owner])):
                if self.waiting[owner]:
                    unit, cell = self.waiting[owner].pop(0)
                    done = month + 1 + int(self.random.lognormvariate(math.log(4), 0.5))
                    self.tell(month, "refurb_started", unit, cell)
                    if done < self.months:
                        self.tell(done, "refurb_completed", unit, cell)
                    heapq.heappush(self.ready, (done + 2 + int(self.random.expovariate(1 / 3)), unit, cell))

    def sell(self, month: int) -> None:
        for _ in range(poisson(self.random, 0.002 * self.units / 12)):
            cell = self.random.choices(self.cells, [len(cell.occupied) + 0.001 for cell in self.cells])[0]
            if cell.occupied:
                self.tell(month, "unit_alienated", cell.occupied.pop(), cell)

    def build(self) -> None:
        """Works planned over the whole time; late by a factor, some never done."""
        r = self.random
        late, spread, lost = r.uniform(1.05, 1.6), r.uniform(0.2, 0.5), r.uniform(0.0, 0.15)
        for number in range(poisson(r, self.months / 12 * r.uniform(0.8, 3.0))):
            planned, declared = r.randrange(self.months), r.randint(10, 32)
            cell = r.choices(self.cells, [len(cell.occupied) + 1 for cell in self.cells])[0]
            homes = 1 + int(r.expovariate(1 / 5))
            begun = self.day(planned)
            due = begun + timedelta(days=round(declared * 30.44))
            self.rows.append((begun, "works_planned", -1, cell, f"P{number}:{homes}:{due}"))
            done = planned + round(declared * late * r.lognormvariate(0, spread))
            if done < self.months and r.random() >= lost:
                for _ in range(homes):
                    self.tell(done, "works_completed", self.units, cell, f"P{number}")
                    self.units += 1


def poisson(random: Random, mean: float) -> int:
    """By the waiting times between events, which are exponential."""
    count, at = 0, random.expovariate(1.0)
    while at < mean:
        count += 1
        at += random.expovariate(1.0)
    return count
