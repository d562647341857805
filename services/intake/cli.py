"""Commands of the intake."""

from __future__ import annotations

from services.intake.app import create_http, create_runtime
from services.intake.settings import IntakeSettings
from shared.commands import service_commands

app = service_commands("intake", IntakeSettings, create_runtime, create_http, "intake_port")
