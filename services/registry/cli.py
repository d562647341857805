"""Commands of the registry."""

from __future__ import annotations

from services.registry.app import create_app, create_runtime
from services.registry.settings import RegistrySettings
from shared.commands import service_commands

app = service_commands("registry", RegistrySettings, create_app, create_runtime, "registry_port")
