"""A second process on the same folder or port is refused before it starts, with one sentence; the first goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.kafka.local import free_ports
from deploy.services import SERVICES
from tests.support.installations import Installation
from tests.support.operator import pianovivo, serving, status_of, told

NAMES = [one.name for one in SERVICES]


def with_ports(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, with a free port for each service."""
    ports = zip(NAMES, free_ports(len(NAMES)), strict=True)
    return settings | {"log_level": "WARNING"} | {f"{name}_port": port for name, port in ports}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Settings of a `pianovivo up` that is at work."""
    settings = with_ports({"home": tmp_path / "office"})
    async with serving(settings, "up", ports=tuple(settings[f"{name}_port"] for name in NAMES)):
        yield settings


async def test_second_up_is_refused(office: dict[str, Any], tmp_path: Path) -> None:
    same_folder = await pianovivo(with_ports(office), "up")
    assert same_folder.refusal == (
        f"another `pianovivo up` or `rebuild` is at work in {office['home']}: "
        "stop it, or set PIANOVIVO_HOME to another folder and PIANOVIVO_*_PORT to free ports"
    )
    same_ports = await pianovivo(office | {"home": tmp_path / "elsewhere"}, "up")
    assert same_ports.refusal == _taken("intake", office["intake_port"])
    one_port = await pianovivo(office | {"home": tmp_path / "elsewhere"}, "planner", "serve")
    assert one_port.refusal == _taken("planner", office["planner_port"])
    one_service = await pianovivo(with_ports(office), "registry", "serve")
    assert one_service.status == 1
    assert one_service.err.splitlines()[-1] == (
        f"registry cannot start: another process already serves {office['home']}: stop it, or set PIANOVIVO_HOME"
    )
    assert "Traceback" not in one_service.err
    rebuilt = await pianovivo(office, "rebuild", "planner")
    assert rebuilt.refusal == same_folder.refusal
    for name in NAMES:
        assert await status_of(f"http://127.0.0.1:{office[f'{name}_port']}/ready") == httpx.codes.OK


async def test_second_service_on_a_taken_port_is_refused(distributed: Installation) -> None:
    settings = with_ports(distributed.environment)
    await told(settings, "topics", "apply")
    async with serving(settings, "registry", "serve", ports=(settings["registry_port"],)):
        answer = await pianovivo(settings | {"replica": "second"}, "registry", "serve")
        assert answer.refusal == _taken("registry", settings["registry_port"])


async def test_token_from_the_command_is_what_the_services_accept(office: dict[str, Any]) -> None:
    units = f"http://127.0.0.1:{office['registry_port']}/units"
    arguments = ("auth", "issue", "--organisation", "comune-019036", "--role", "MUNICIPALITY")
    token = (await told(office, *arguments)).strip()
    assert await status_of(units, token) == httpx.codes.OK
    stranger = await pianovivo(office | {"home": office["home"] / "elsewhere"}, *arguments)
    key = office["home"] / "elsewhere" / "keys" / "signing.json"
    assert stranger.err == f"a new key is made in {key}: services that run on another PIANOVIVO_HOME do not know it\n"
    assert await status_of(units, stranger.out.strip()) == httpx.codes.UNAUTHORIZED


def _taken(service: str, port: int) -> str:
    return (
        f"the {service} cannot listen on 127.0.0.1:{port} (Address already in use): stop the program that has "
        f"this port, or set PIANOVIVO_{service.upper()}_PORT to a free one; "
        "PIANOVIVO_HOST must be an address of this machine"
    )
