"""The notifier's own settings."""

from pydantic import Field, field_validator

from services.notifier.domain.addresses import AddressPolicy
from shared.settings import Settings


class NotifierSettings(Settings):
    notifier_port: int = Field(8004, ge=0, le=65535, description="HTTP port of the notifier")
    notifier_endpoint_ports: str = Field("443", description="Ports webhooks may be sent to, comma-separated")
    notifier_loopback_endpoints: str = Field(
        "", description="host:port,... on this machine that webhooks may also be sent to, for demonstrations"
    )

    @field_validator("notifier_endpoint_ports")
    @classmethod
    def are_ports(cls, value: str) -> str:
        if not all(port.isdecimal() and 0 < int(port) <= 65535 for port in _items(value)):
            raise ValueError("must be port numbers separated by commas, such as 443,8443")
        return value

    @property
    def address_policy(self) -> AddressPolicy:
        return AddressPolicy(
            ports=frozenset(int(port) for port in _items(self.notifier_endpoint_ports)),
            loopback_endpoints=frozenset(_items(self.notifier_loopback_endpoints)),
        )


def _items(value: str) -> list[str]:
    return [item for item in (part.strip() for part in value.split(",")) if item]
