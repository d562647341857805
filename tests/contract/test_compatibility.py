"""The gate: within a version optional fields may come; whatever else changes is named in a sentence."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import pytest
from pydantic import Field

from shared.events import contracts
from shared.events.base import Value
from shared.events.contracts.compatibility import breaks


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class WiderColour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"
    GREEN = "GREEN"


class Part(Value):
    weight: int
    note: str | None = None


class HeavierPart(Value):
    weight: int
    note: str | None = None
    price: int


class LighterPart(Value):
    weight: int
    note: str | None = None
    price: int | None = None


class Committed(Value):
    """As released."""

    name: str
    count: Annotated[int, Field(ge=0, le=9)]
    colour: Colour
    part: Part
    parts: tuple[Part, ...]
    remark: str | None = None


class SameWithMore(Committed):
    """Other words, other order of fields, and optional fields here and in a part: fine."""

    weather: str | None = None
    marks: tuple[int, ...] = ()
    part: LighterPart
    parts: tuple[LighterPart, ...]


class Removed(Value):
    name: str
    count: Annotated[int, Field(ge=0, le=9)]
    colour: Colour
    part: Part
    parts: tuple[Part, ...]


class AddedAsRequired(Committed):
    place: str


class Retyped(Committed):
    name: int


class Narrowed(Committed):
    count: Annotated[int, Field(ge=1, le=9)]


class Widened(Committed):
    colour: WiderColour


class NowRequired(Committed):
    remark: str | None


class NowOptional(Committed):
    name: str = ""


class InAPart(Committed):
    part: HeavierPart


class InAListedPart(Committed):
    parts: tuple[HeavierPart, ...]


class NoLongerAList(Committed):
    parts: Part


class OtherAlternatives(Committed):
    remark: str | int | None = None


def changes(cls: type[Value]) -> list[str]:
    return breaks(Committed.model_json_schema(), cls.model_json_schema())


def test_adding_optional_fields_passes() -> None:
    assert changes(Committed) == []
    assert changes(SameWithMore) == []


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (Removed, "body/remark was removed: old readers may need it"),
        (AddedAsRequired, "body/place was added as a required field: records already written lack it"),
        (Retyped, "body/name was changed: type was 'string', is 'integer'"),
        (Narrowed, "body/count was changed: minimum was 0, is 1"),
        (Widened, "body/colour was changed: enum was ['RED', 'BLUE'], is ['RED', 'BLUE', 'GREEN']"),
        (NowRequired, "body/remark was optional and is required now: records already written may lack it"),
        (NowOptional, "body/name was required and is optional now: old readers need it"),
        (InAPart, "body/part/price was added as a required field: records already written lack it"),
        (InAListedPart, "body/parts[]/price was added as a required field: records already written lack it"),
        (NoLongerAList, "body/parts was changed: its items"),
        (OtherAlternatives, "body/remark was changed: it had 2 alternatives and has 3"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_any_other_change_is_named(cls: type[Value], sentence: str) -> None:
    assert sentence in changes(cls)


def test_the_classes_keep_what_the_committed_schemas_promise() -> None:
    assert contracts.broken_promises() == []


def test_an_event_that_is_gone_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [cls for cls in contracts.contracts() if cls.name() != "unit-sold"]
    monkeypatch.setattr(contracts, "contracts", lambda: gone)
    assert contracts.broken_promises() == [
        "unit-sold.v1: the event is gone, but its records stay in the topic: keep its class"
    ]
