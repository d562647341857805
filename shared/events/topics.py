"""The topics as reviewed data (`topics.yaml`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

DEAD_LETTERS = "-dlq"
DEAD_LETTER_DAYS = 365


class Topic(BaseModel):
    """One topic: its key, how it is cut and kept, who may write and read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    key: str
    partitions: int
    retention_days: int | None
    own_writers: bool
    writers: tuple[str, ...]
    readers: tuple[str, ...]

    def dead_letters(self) -> Topic:
        changes = {"name": self.name + DEAD_LETTERS, "retention_days": DEAD_LETTER_DAYS, "own_writers": False}
        return self.model_copy(update=changes | {"writers": self.readers, "readers": ()})

    def of(self, organisation: str) -> Topic:
        changes = {"name": f"{self.name}.{organisation}", "own_writers": False, "writers": (organisation,)}
        return self.model_copy(update=changes)


@cache
def declared() -> dict[str, Topic]:
    """The declared topics by name."""
    rows = yaml.safe_load(files("shared.events").joinpath("topics.yaml").read_text("utf-8"))
    return {topic.name: topic for topic in (Topic(**row) for row in rows)}


@cache
def base_name(topic: str) -> str:
    """`owner-reports` for `owner-reports.aler-bcm`: the declared topic whose contract a record follows."""
    return topic.partition(".")[0]


@cache
def organisation_of(topic: str) -> str | None:
    """Who alone may write this topic, if it is one organisation's own."""
    return topic.partition(".")[2] or None


def every_topic(organisations: tuple[str, ...]) -> list[Topic]:
    """All topics an installation needs: the declared ones, owners' own ones, dead letters of all that are read."""
    topics = list(declared().values())
    own = [topic.of(name) for topic in topics if topic.own_writers for name in organisations]
    return [*topics, *own, *(topic.dead_letters() for topic in topics if topic.readers)]


def read_by(service: str, organisations: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the topics `service` reads, owners' own ones included."""
    mine = [topic for topic in declared().values() if service in topic.readers]
    own = [topic.of(name).name for topic in mine if topic.own_writers for name in organisations]
    return (*(topic.name for topic in mine), *own)
