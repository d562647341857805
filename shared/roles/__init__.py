"""Who may do what, on whose data: one table (`operations.yaml`), one decision. What is not in the table nobody may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from shared.auth import Role
from shared.problem_texts import Text

EVERY_SERVICE: Final = "every service"


TITLES: Final = {
    None: Text("pubblico", "public"),
    Role.MUNICIPALITY: Text("Comune, che trasmette i propri dati", "municipality, which submits its own data"),
    Role.OWNER: Text("ente proprietario: ALER o operatore accreditato", "owner: ALER or an accredited operator"),
    Role.LEAD: Text("Comune capofila, che redige il piano", "lead municipality, which plans"),
    Role.TECHNICAL_PARTNER: Text("partner tecnico del capofila", "technical partner of the lead municipality"),
    Role.ASSEMBLY_SECRETARY: Text("segreteria dell’Assemblea dei Sindaci", "secretary of the mayors’ assembly"),
    Role.REGION: Text("Regione", "region"),
    Role.OPERATOR: Text("gestore dell’impianto", "operator of this installation"),
}
"""Roles in the order of the table, the public first."""


class Reach(StrEnum):
    """On whose data somebody may do something."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


class Rule(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: tuple[Role, ...] = ()
    all: tuple[Role, ...] = ()
    everyone: bool = False
    without_form: bool = False
    """What is sent proves itself who sends it: no form of ours has to carry it."""

    @model_validator(mode="after")
    def says_each_role_once(self) -> Rule:
        named = [*self.own, *self.all]
        if len(named) != len(set(named)):
            raise ValueError("a role is named twice")
        if self.everyone == bool(named):
            raise ValueError("an operation is for everyone, or for the roles it names")
        return self

    def reach(self, role: Role | None) -> Reach:
        """How far the role reaches; None is the public."""
        if self.everyone or role in self.all:
            return Reach.ALL
        return Reach.OWN if role in self.own else Reach.NONE


class Section(BaseModel):
    """The operations of one service; `own` says what "own" means there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: str
    operations: Mapping[str, Rule]


@cache
def sections() -> dict[str, Section]:
    """The table, by service."""
    rows = yaml.safe_load(files("shared.roles").joinpath("operations.yaml").read_text("utf-8"))
    return {service: Section(**row) for service, row in rows.items()}


@cache
def rules() -> dict[str, Rule]:
    """The table, by operation.

    Raises:
        ValueError: an operation is there twice.
    """
    found: dict[str, Rule] = {}
    for section in sections().values():
        if twice := found.keys() & section.operations.keys():
            raise ValueError(f"operations are in the table twice: {', '.join(sorted(twice))}")
        found |= section.operations
    return found


def operations_of(service: str) -> Iterator[str]:
    """What a service may serve."""
    for name in (service, EVERY_SERVICE):
        if name in sections():
            yield from sections()[name].operations


def needs_form(operation: str) -> bool:
    """Whether what a browser sends has to come from a form of ours."""
    rule = rules().get(operation)
    return rule is None or not rule.without_form


def reach_of(operation: str, role: Role | None) -> Reach:
    """The decision: how far `role` (None: the public) reaches with `operation`; nowhere with one that is not known."""
    rule = rules().get(operation)
    return Reach.NONE if rule is None else rule.reach(role)
