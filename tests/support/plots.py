"""Two small plots as SVG: columns against the level they should have, and a fan of quantiles against what came."""

from __future__ import annotations

from collections.abc import Sequence

from services.planner.domain.supply.counts import LEVELS

WIDTH, HEIGHT, MARGIN = 560, 260, 40
FIRST_YEAR, PAST_YEARS = 2018, 5
BANDS = ((0, 8, "#d6e4f0"), (2, 6, "#9fc3e0"), (3, 5, "#5f97c4"))
"""95, 80 and 50 %: positions in the levels, and a colour."""


def columns_plot(title: str, labels: Sequence[str], values: Sequence[float], level: float) -> str:
    """Columns, each with its value, and a dashed line where all of them should end."""
    top = max(*values, level) * 1.2
    step = (WIDTH - 2 * MARGIN) / len(values)
    parts = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        x, y = MARGIN + place * step, down(value, top)
        parts.append(
            f'<rect x="{x + 3:.1f}" y="{y:.1f}" width="{step - 6:.1f}" height="{base() - y:.1f}" fill="#5f97c4"/>'
        )
        parts.append(text(x + step / 2, y - 4, f"{value:.3f}"))
        parts.append(text(x + step / 2, base() + 15, label))
    parts.append(line(MARGIN, down(level, top), WIDTH - MARGIN, down(level, top), "#b00020", dashed=True))
    return drawing(title, parts)


def fan_plot(title: str, counts: Sequence[int], quantiles: Sequence[Sequence[int]]) -> str:
    """Counts by year, and behind the past the 50, 80 and 95 % bands of each year ahead."""
    top = max(*counts, *(levels[-1] for levels in quantiles)) * 1.1
    step = (WIDTH - 2 * MARGIN) / len(counts)
    parts = []
    for ahead, levels in enumerate(quantiles):
        x = MARGIN + (PAST_YEARS + ahead) * step
        for low, high, colour in BANDS:
            y, end = down(levels[high], top), down(levels[low], top)
            parts.append(
                f'<rect x="{x + 6:.1f}" y="{y:.1f}" width="{step - 12:.1f}" height="{end - y:.1f}" fill="{colour}"/>'
            )
        middle = down(levels[LEVELS.index(0.5)], top)
        parts.append(line(x + 6, middle, x + step - 6, middle, "#123"))
    for place, count in enumerate(counts):
        x, y = MARGIN + (place + 0.5) * step, down(count, top)
        filled = "#123" if place < PAST_YEARS else "#b00020"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{filled}"/>')
        parts += [text(x, y - 8, str(count)), text(x, base() + 15, str(FIRST_YEAR + place))]
    return drawing(f"{title}: homes given back; bands of 50, 80, 95 %; red is what came", parts)


def base() -> float:
    return HEIGHT - MARGIN


def down(value: float, top: float) -> float:
    return base() - value / top * (HEIGHT - 2 * MARGIN)


def text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{words}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dash}/>'


def drawing(title: str, parts: Sequence[str]) -> str:
    body = "\n".join([text(WIDTH / 2, 20, title), *parts, line(MARGIN, base(), WIDTH - MARGIN, base(), "#123")])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}" '
        f'font-family="sans-serif" font-size="11">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        f"{body}\n</svg>\n"
    )
