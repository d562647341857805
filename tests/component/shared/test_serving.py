"""A process that serves: the consumer is at work before HTTP is loaded, and is stopped with it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
from fastapi import FastAPI

from services.registry.app import create_http, create_runtime
from services.registry.settings import RegistrySettings
from shared.problem_texts import Text
from shared.runtime import Runtime
from shared.serving import Served, serve
from tests.support.waiting import until

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"


async def test_http_is_loaded_when_the_consumer_has_started_and_both_end_by_the_signal(tmp_path: Path) -> None:
    waited: list[Text | None] = []

    def load(runtime: Runtime) -> FastAPI:
        waited.append(runtime.waits_for)
        signal.raise_signal(signal.SIGTERM)
        return create_http(runtime)

    runtime = create_runtime(RegistrySettings(home=tmp_path))
    await serve(Served(runtime, load, "127.0.0.1", 0))
    assert waited == [None]
    assert await runtime.why_not_ready() is not None


async def test_http_says_what_keeps_the_consumer_waiting(tmp_path: Path, unused_tcp_port: int) -> None:
    runtime = create_runtime(RegistrySettings(home=tmp_path, database_url=NOWHERE))
    serving = asyncio.create_task(serve(Served(runtime, create_http, "127.0.0.1", unused_tcp_port)))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}") as client:

        async def is_live() -> bool:
            try:
                return (await client.get("/live")).is_success
            except httpx.TransportError:
                return False

        await until(is_live)
        answer = await client.get("/ready", headers={"Accept-Language": "en"})
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "the database" in answer.json()["detail"]
    signal.raise_signal(signal.SIGTERM)
    await serving
