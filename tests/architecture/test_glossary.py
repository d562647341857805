"""The glossary and the code say the same: names exist, terms are listed, Italian terms and articles agree."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from services.registry.domain.refusals import LABELS

ROOT = Path(__file__).parents[2]
PLACES = {
    "": [
        f"shared.events.{name}"
        for name in ("base", "contests", "decisions", "lifecycle", "planning", "plans", "submissions", "units")
    ],
    "territory.": ["shared.territory"],
} | {
    f"{service}.": [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "services" / service / "domain").rglob("*.py"))
    ]
    for service in ("intake", "registry", "planner", "notifier")
}
"""Modules by the prefix their classes have in the glossary."""
NO_TERMS = {
    "grammar of the wire, not of housing": {"Value", "Event", "Envelope", "Message", "Measure"},
    "how parameters are kept": {"intake.Dated", "intake.DayOfYear", "intake.CycleRules", "intake.DisposalCap"},
    "how the registry decides": {"registry.Decision", "registry.To", "registry.Rule"},
    "statistics of the forecast": {
        *("planner.Window", "planner.Estimate", "planner.Outlook", "planner.Share", "planner.Evidence"),
        *(
            "planner.Median",
            "planner.Done",
            "planner.DoneHome",
            "planner.Cell",
            "planner.Past",
            "planner.Occupancy",
            "planner.Distribution",
        ),
        *("planner.CommonFactor", "planner.Walk", "planner.Multiplier", "planner.Likeness", "planner.TownExits"),
        *("planner.PlaceExits", "planner.Rate"),
        *("planner.Expectation", "planner.Account", "planner.Column"),
        *("planner.Experience", "planner.AssignableOutlook", "planner.Restored", "planner.Scheduled"),
    },
    "statistics of the need": {
        *("planner.Counted", "planner.Evidence", "planner.UncertainCount", "planner.YearlyFactor", "planner.Place"),
        *("planner.SizeWeights", "planner.NeedParts", "planner.Inhabitants", "planner.Ratio", "planner.PooledCount"),
    },
    "how a number of the annual plan is scoped, summed and compared": {
        *("planner.Amount", "planner.Aggregation", "planner.ScopeFault", "planner.ScopeProblem", "planner.Total"),
        *("planner.PublishedCase", "planner.PublishedRow", "planner.PublishedCheck", "planner.PublishedFault"),
        *("planner.PublishedFile", "planner.Finding", "planner.FindingKind"),
    },
    "what a change of rules would move": {
        *("planner.Rehearsal", "planner.Shift", "planner.ShiftKind", "planner.ParameterChange", "planner.Number"),
    },
    "matching of homes and cases": {
        *("planner.Bucket", "planner.Matching", "planner.Room", "planner.Placing", "planner.Situation"),
        "planner.Wording",
    },
    "a mistake of who asks": {"planner.WrongStep", "planner.OutOfTurn", "planner.StepFault"},
    "how the plan is kept and named": {
        *("planner.PlanState", "planner.Touched", "planner.Delta", "planner.Deltas", "planner.FigureKey"),
        *("planner.Label", "planner.Move", "planner.Sheet", "planner.VacantHomes"),
        *("planner.FigureUnit", "planner.Voices"),
    },
    "how texts are read, told and compared": {
        *("planner.Block", "planner.BlockKind", "planner.Passage", "planner.Read", "planner.Fault"),
        *("planner.ToldBlock", "planner.ToldSection", "planner.Numbers", "planner.NotAReference"),
        *("planner.Change", "planner.Piece"),
    },
    "how due rows are named": {"intake.RowKey"},
    "errors of a look-up": {"territory.UnknownAmbitoError", "territory.UnknownMunicipalityError"},
    "how notices travel": {
        *("notifier.AddressPolicy", "notifier.DeliveryState", "notifier.SubscriptionState", "notifier.Settlement"),
        "notifier.Verdict",
    },
}
"""Public domain classes that no legal term stands behind, and why."""
WITHOUT_TERM = set().union(*NO_TERMS.values())
ENGLISH = ("A ", "The ", "One ", "What ", "Why ", "Where ", "Which ", "How ", "Who ", "Homes ", "`")
"""A docstring that begins so gives no Italian term."""
LAW = re.compile(r"\(((?:[LR]\.R\. \d|comunicazione)[^)]*)\)")


class Term(NamedTuple):
    italian: str
    article: str


def listed(text: str) -> dict[str, Term]:
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| .+? \| (.+?) \|$", text, re.MULTILINE)
    assert len(rows) == len({name for name, _, _ in rows}), "a name is listed twice"
    return {name: Term(italian, article) for name, italian, article in rows}


def classes() -> dict[str, type]:
    """Public classes of the domain by their name in the glossary."""
    return {prefix + cls.__name__: cls for prefix, modules in PLACES.items() for cls in _classes_of(modules)}


def _classes_of(modules: list[str]) -> Iterator[type]:
    for name in modules:
        for cls in vars(importlib.import_module(name)).values():
            if inspect.isclass(cls) and cls.__module__ == name and not cls.__name__.startswith("_"):
                yield cls


def names(code: dict[str, type]) -> set[str]:
    """Every class, and every member of enumerations, that a glossary must have."""
    terms = {name: cls for name, cls in code.items() if name not in WITHOUT_TERM}
    members = {f"{name}.{m.name}" for name, cls in terms.items() if issubclass(cls, Enum) for m in cls}
    return terms.keys() | members


def disagreements(glossary: dict[str, Term], code: dict[str, type]) -> list[str]:
    said = [f"{name} is not in the code" for name in glossary.keys() - names(code)]
    said += [f"{name} is not in the glossary" for name in names(code) - glossary.keys()]
    for name in glossary.keys() & code.keys():
        first = (inspect.getdoc(code[name]) or "").partition("\n")[0].replace("*", "")
        if not first.startswith(ENGLISH) and not _begins_with(first, glossary[name].italian):
            said.append(f"{name} is {glossary[name].italian!r} in the glossary, but its docstring begins {first!r}")
        article = LAW.search(first)
        if article and article[1] != glossary[name].article:
            said.append(f"{name} is of {glossary[name].article} in the glossary, of {article[1]} in its docstring")
    return sorted(said)


def _begins_with(docstring: str, term: str) -> bool:
    """The term whole: what follows is no more of the word."""
    return re.match(re.escape(term) + r"(?!\w)", docstring, re.IGNORECASE) is not None


GLOSSARY = listed((ROOT / "docs" / "glossary.md").read_text("utf-8"))
CODE = classes()


def test_glossary_and_code_agree() -> None:
    assert disagreements(GLOSSARY, CODE) == []


def test_states_are_called_as_the_registry_calls_them() -> None:
    assert {f"UnitStatus.{status}": label for status, (label, _) in LABELS.items()} == {
        name: term.italian for name, term in GLOSSARY.items() if name.startswith("UnitStatus.")
    }


def test_exceptions_exist_and_are_not_listed() -> None:
    assert CODE.keys() >= WITHOUT_TERM
    assert not WITHOUT_TERM & GLOSSARY.keys()


def test_every_kind_of_disagreement_is_found() -> None:
    spoilt = GLOSSARY | {
        "UnitLost": Term("alloggio perduto", "–"),
        "UnitSold": Term("alloggio venduto", "–"),
        "planner.Triennium": Term("triennio del piano", "R.R. 4/2017, art. 4"),
    }
    del spoilt["UnitVacated"], spoilt["UnitStatus.SOLD"]
    assert disagreements(spoilt, CODE) == [
        "UnitLost is not in the code",
        "UnitSold is 'alloggio venduto' in the glossary, but its docstring begins 'Alloggio alienato.'",
        "UnitStatus.SOLD is not in the glossary",
        "UnitVacated is not in the glossary",
        "planner.Triennium is of R.R. 4/2017, art. 4 in the glossary, of R.R. 4/2017, art. 3 in its docstring",
    ]
