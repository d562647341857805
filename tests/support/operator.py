"""The command `pianovivo` as an operator types it: a process of its own, judged by what it prints and its status."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.waiting import until

COMMAND = (sys.executable, "-m", "deploy.cli")


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    out: str
    err: str
    status: int

    @property
    def refusal(self) -> str:
        """The one sentence with which the command was refused; fails where it did its work or told more than that."""
        assert self.status != 0, self.out
        assert "Traceback" not in self.err, self.err
        assert self.out == "", self.out
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """The process's environment with these settings and no others of ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIANOVIVO_")}
    # Wide, so that no line of a table or message breaks.
    return inherited | {"COLUMNS": "300"} | {f"PIANOVIVO_{name.upper()}": str(v) for name, v in settings.items()}


async def pianovivo(settings: Mapping[str, Any], *arguments: str) -> Answer:
    """One command to its end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment(settings), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(120):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Answer(out.decode(), err.decode(), process.returncode or 0)


async def told(settings: Mapping[str, Any], *arguments: str) -> str:
    """What a command prints that does its work."""
    answer = await pianovivo(settings, *arguments)
    assert answer.status == 0, answer.err
    return answer.out


@asynccontextmanager
async def serving(
    settings: Mapping[str, Any], *arguments: str, ports: tuple[int, ...]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`pianovivo up` or `... serve` at work inside the block, ready on its ports; ended by SIGTERM."""
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, env=environment(settings))
    try:
        for port in ports:
            await until(lambda port=port: _is_ready(process, port), 60)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0


async def _is_ready(process: asyncio.subprocess.Process, port: int) -> bool:
    assert process.returncode is None, "it ended by itself"
    try:
        return await status_of(f"http://127.0.0.1:{port}/ready") == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def status_of(url: str, token: str = "") -> int:
    """How a service answers a GET, signed in with the token if there is one."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"} if token else {}) as client:
        return (await client.get(url)).status_code
