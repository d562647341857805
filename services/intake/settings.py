"""The intake's own settings."""

from pydantic import Field

from shared.settings import Settings


class IntakeSettings(Settings):
    intake_port: int = Field(8001, ge=0, le=65535, description="HTTP port of the intake")
