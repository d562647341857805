"""Commands of the notifier."""

from __future__ import annotations

from services.notifier.app import create_http, create_runtime
from services.notifier.settings import NotifierSettings
from shared.commands import service_commands

app = service_commands("notifier", NotifierSettings, create_runtime, create_http, "notifier_port")
