"""The registry's own settings."""

from pydantic import Field

from shared.settings import Settings


class RegistrySettings(Settings):
    registry_port: int = Field(8002, ge=0, le=65535, description="HTTP port of the registry")
