"""Bad deliveries of a file of events: repeated, shuffled, late, and with events that are retracted."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def delivered_badly(lines: Sequence[str], random: Random) -> list[str]:
    """The same history: some lines twice, false events and their retractions, all in any order."""
    header, *rows = lines
    repeated = random.sample(rows, len(rows) // 10)
    false = []
    for number, row in enumerate(random.sample(rows, len(rows) // 20)):
        fields = row.rstrip("\n").split(",")
        if fields[3] == "works_planned":
            continue
        fields[1], fields[3], fields[8] = (
            f"X{number}",
            random.choice(["unit_vacated", "unit_let", "refurb_completed"]),
            "",
        )
        false.append(",".join(fields) + "\n")
        fields[1], fields[3], fields[8] = f"R{number}", "event_retracted", f"X{number}"
        false.append(",".join(fields) + "\n")
    found = [*rows, *repeated, *false]
    random.shuffle(found)
    return [header, *(f"{seq},{row.partition(',')[2]}" for seq, row in enumerate(found))]
