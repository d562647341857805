"""Where the operator lets webhooks go."""

from __future__ import annotations

import pytest

from services.notifier.domain.addresses import AddressPolicy
from services.notifier.settings import NotifierSettings
from shared.settings import SettingsError, load


def test_by_default_only_public_https_is_reachable() -> None:
    assert NotifierSettings().address_policy == AddressPolicy(ports=frozenset({443}), loopback_endpoints=frozenset())


def test_lists_are_separated_by_commas() -> None:
    settings = NotifierSettings(notifier_endpoint_ports="443, 8443", notifier_loopback_endpoints="127.0.0.1:8099,")
    expected = AddressPolicy(ports=frozenset({443, 8443}), loopback_endpoints=frozenset({"127.0.0.1:8099"}))
    assert settings.address_policy == expected


@pytest.mark.parametrize("ports", ["https", "0", "65536", "443;80", "-1"])
def test_a_port_that_is_none_stops_the_start_with_the_variables_name(ports: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        load(NotifierSettings, notifier_endpoint_ports=ports)
    assert str(stopped.value).startswith(f"PIANOVIVO_NOTIFIER_ENDPOINT_PORTS='{ports}': must be port numbers")
