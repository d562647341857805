"""Piano Vivo's registry as it runs in production: its handlers, inbox, outbox and relay, in one process."""

import asyncio
import signal

import uvloop

from services.registry.app import create_runtime
from services.registry.settings import RegistrySettings
from shared import log
from shared.settings import load


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with create_runtime(load(RegistrySettings)).running():
        await stopping.wait()


log.configure(load(RegistrySettings))
uvloop.run(main())
