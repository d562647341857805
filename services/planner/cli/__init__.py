"""Commands of the planner."""

from __future__ import annotations

from services.planner.app import create_http, create_runtime
from services.planner.cli.forecast import backtest_command, forecast_command
from services.planner.cli.published import check_command
from services.planner.cli.rehearsal import rehearse_command
from services.planner.cli.verify import verify_command
from services.planner.settings import PlannerSettings
from shared.commands import service_commands

__all__ = ["app"]

app = service_commands("planner", PlannerSettings, create_runtime, create_http, "planner_port")
app.command("forecast")(forecast_command)
app.command("backtest")(backtest_command)
app.command("check")(check_command)
app.command("rehearse")(rehearse_command)
app.command("verify")(verify_command)
