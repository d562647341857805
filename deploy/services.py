"""The four services as one list: how deployments find their settings, runtimes, applications and ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass(frozen=True)
class Service:
    name: str
    settings: type[Settings]
    create_runtime: Callable[..., Runtime]
    create_http: Callable[[Runtime], FastAPI]

    def application(self, settings: Any) -> FastAPI:
        """Over a runtime of its own."""
        return self.create_http(self.create_runtime(settings))

    def port(self, settings: Any) -> int:
        return int(getattr(settings, f"{self.name}_port"))


SERVICES = (
    Service("intake", IntakeSettings, intake.create_runtime, intake.create_http),
    Service("registry", RegistrySettings, registry.create_runtime, registry.create_http),
    Service("planner", PlannerSettings, planner.create_runtime, planner.create_http),
    Service("notifier", NotifierSettings, notifier.create_runtime, notifier.create_http),
)


def service(name: str) -> Service:
    found = next((one for one in SERVICES if one.name == name), None)
    if found is None:
        raise LookupError(f"there is no service {name!r}; there are {', '.join(one.name for one in SERVICES)}")
    return found
