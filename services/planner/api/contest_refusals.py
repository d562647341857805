"""Why a contest is not opened, or its step not taken: which rule, and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence

from services.planner.domain.contests import ContestStep, OwnersCell, status_of
from shared.problems import FieldError, Problem, Text, invalid, of_status


def no_figure(figure: str) -> Problem:
    return _of_figure(
        figure,
        Text("Nel piano non c’è questo numero, o non è noto.", "The plan has no such figure, or it is not known."),
        Text("Sceglierne uno tra quelli di /figures.", "Choose one of those of /figures."),
    )


def not_contestable(figure: str) -> Problem:
    return _of_figure(
        figure,
        Text(
            "Si contestano i numeri di alloggi di un Comune: non quelli dell’ambito, che ne sono la somma, non quelli "
            "di famiglie, che solo il Comune conosce, non le quote, che l’ente sceglie.",
            "What is contested are a municipality’s counts of homes: not those of the ambito, which are their sum, not "
            "those of households, which only the municipality knows, not shares, which the owner chooses.",
        ),
        Text(
            "Contestare il numero del Comune; le famiglie si correggono con una revisione della dichiarazione.",
            "Contest the municipality’s figure; data on households are corrected by a revision of the declaration.",
        ),
    )


def not_your_figure(figure: str) -> Problem:
    return _of_figure(
        figure,
        Text(
            "Un Comune contesta i numeri del proprio territorio, un ente i propri.",
            "A municipality contests the figures of its own territory, an owner its own.",
        ),
        Text("Scrivere un commento al numero.", "Write a comment on the figure."),
    )


def several_cells(given: str | None, cells: Sequence[OwnersCell]) -> Problem:
    names = ", ".join(f"{cell.id} = {cell.value}" for cell in cells[:24])
    rule = Text(
        "Si contesta un dato dichiarato per volta, e il numero poggia su questi.",
        "One declared value is contested at a time, and the figure rests on these.",
    )
    remedy = Text(f"Indicarne uno in «cell»: {names}.", f"Name one in 'cell': {names}.")
    return invalid([FieldError("/cell", given, rule, remedy)])


def homes_only(given: str | None, owners: Sequence[str]) -> Problem:
    names = ", ".join(owners) or "-"
    rule = Text(
        "Il numero conta alloggi dell’anagrafe, non dati dichiarati: lo corregge una segnalazione sull’alloggio "
        "(POST /unit-reports, «unit-corrected») dell’ente che ne risponde.",
        "The figure counts homes of the registry, not declared values: what mends it is a report about the home "
        "(POST /unit-reports, 'unit-corrected') of the owner who answers for it.",
    )
    remedy = Text(
        f"Togliere «cell» e indicare in «owner» un ente tra: {names}.",
        f"Remove 'cell', and in 'owner' name one of: {names}.",
    )
    return invalid([FieldError("/owner", given, rule, remedy)])


def if_open_already(steps: Sequence[ContestStep], figure: str, owner: str, cell: OwnersCell | None) -> None:
    """Raises `Problem` 409 if that cell, or the same figure of homes, is contested already."""
    for step in steps:
        known = (step.owner, step.cell.cycle_year, step.cell.path) if step.cell else None
        is_same = step.cell is None and (step.figure, step.owner) == (figure, owner)
        if (cell is not None and known == cell[:3]) or (cell is None and is_same):
            raise _conflict(
                "contest-open-already",
                Text(
                    f"Questo dato è già contestato da {step.contester}, fino al {step.deadline_on:%d/%m/%Y}.",
                    f"This value is contested already by {step.contester}, until {step.deadline_on}.",
                ),
            )


def is_closed(step: ContestStep) -> Problem:
    return _conflict(
        "contest-closed",
        Text(
            f"La contestazione è già chiusa dal {step.on:%d/%m/%Y} ({status_of(step)}).",
            f"The contest has been closed since {step.on} ({status_of(step)}).",
        ),
    )


def not_yours(whose: str) -> Problem:
    return Problem(
        422,
        "not-your-contest",
        of_status(422).title,
        Text(f"Può farlo solo {whose}.", f"Only {whose} may do this."),
    )


def _of_figure(figure: str, rule: Text, remedy: Text) -> Problem:
    return invalid([FieldError("/figure", figure, rule, remedy)])


def _conflict(code: str, detail: Text) -> Problem:
    return Problem(409, code, of_status(409).title, detail)
