"""Commands of the registry."""

from __future__ import annotations

from services.registry.app import create_http, create_runtime
from services.registry.settings import RegistrySettings
from shared.commands import service_commands

app = service_commands("registry", RegistrySettings, create_runtime, create_http, "registry_port")
