"""Commands of the intake."""

from __future__ import annotations

from services.intake.app import create_app, create_runtime
from services.intake.settings import IntakeSettings
from shared.commands import service_commands

app = service_commands("intake", IntakeSettings, create_app, create_runtime, "intake_port")
