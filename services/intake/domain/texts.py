"""The sentences of a declaration: no personal data in them, and an objective's figure and target go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.intake.domain.cases import personal_data_faults
from services.intake.domain.faults import Fault
from shared.events import Strategy, ThreeYearData
from shared.problem_texts import Text


def text_faults(data: ThreeYearData) -> Iterator[Fault]:
    for field, text in _texts(data):
        yield from personal_data_faults(field, text)


def strategy_faults(strategies: Sequence[Strategy]) -> Iterator[Fault]:
    for row, strategy in enumerate(strategies):
        if (strategy.figure is None) != (strategy.target is None):
            missing = "figure" if strategy.figure is None else "target"
            yield Fault(
                "strategy-target",
                f"/strategies/{row}/{missing}",
                None,
                Text(
                    f"Riga {row + 1}: la cifra a cui si mira e il suo valore obiettivo si indicano insieme.",
                    f"Row {row + 1}: the figure aimed at and its target go together.",
                ),
                Text(f"Indicare anche «{missing}», o nessuno dei due.", f"Give '{missing}' too, or neither."),
            )


def _texts(data: ThreeYearData) -> Iterator[tuple[str, str | None]]:
    for row, strategy in enumerate(data.strategies or ()):
        yield f"/strategies/{row}/objective", strategy.objective
        yield f"/strategies/{row}/responsible_office", strategy.responsible_office
    for row, measure in enumerate(data.measures or ()):
        yield f"/measures/{row}/name", measure.name
        yield f"/measures/{row}/rule_of_origin", measure.rule_of_origin
    for row, disposal in enumerate(data.disposals or ()):
        yield f"/disposals/{row}/act_reference", disposal.act_reference
    for name in ("services", "criticalities"):
        yield from ((f"/{name}/{row}", text) for row, text in enumerate(getattr(data, name) or ()))
    for row, confirmation in enumerate(data.confirmations):
        yield f"/confirmations/{row}/reason", confirmation.reason
