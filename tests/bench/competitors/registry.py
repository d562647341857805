"""Piano Vivo's registry as it runs in production: its handlers, inbox, outbox and relay, in one process.

What comes back after a kill is the command itself, with its HTTP side. Where the work of a long-running process is
measured, HTTP is left out: loading it would fall into the window.
"""

import asyncio
import os
import signal
import sys


async def work() -> None:
    from services.registry.app import create_runtime
    from services.registry.settings import RegistrySettings
    from shared import log
    from shared.settings import load

    settings = load(RegistrySettings)
    log.configure(settings)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with create_runtime(settings).running():
        await stopping.wait()


if os.environ["MODE"] == "kill":
    from deploy.cli import main

    sys.argv[1:] = ["registry", "serve"]
    main()
else:
    import uvloop

    uvloop.run(work())
