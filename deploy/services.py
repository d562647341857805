"""The four services as one list: how deployments find their settings, runtimes, applications and ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from services.intake import app as intake
from services.intake.settings import IntakeSettings
from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.planner import app as planner
from services.planner.settings import PlannerSettings
from services.registry import app as registry
from services.registry.settings import RegistrySettings
from shared.runtime import Runtime
from shared.settings import Settings


@dataclass(frozen=True)
class Service:
    name: str
    settings: type[Settings]
    create_app: Callable[..., FastAPI]
    create_runtime: Callable[..., Runtime]

    def port(self, settings: Any) -> int:
        return int(getattr(settings, f"{self.name}_port"))


SERVICES = (
    Service("intake", IntakeSettings, intake.create_app, intake.create_runtime),
    Service("registry", RegistrySettings, registry.create_app, registry.create_runtime),
    Service("planner", PlannerSettings, planner.create_app, planner.create_runtime),
    Service("notifier", NotifierSettings, notifier.create_app, notifier.create_runtime),
)


def service(name: str) -> Service:
    found = next((one for one in SERVICES if one.name == name), None)
    if found is None:
        raise LookupError(f"there is no service {name!r}; there are {', '.join(one.name for one in SERVICES)}")
    return found
