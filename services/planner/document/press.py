"""The PDF as a service prints it: in a process that ends with it, off the event loop, one at a time.

What Typst remembers of its builds goes with the process; one that takes too long is ended.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from services.planner.document.canonical import json_of, read_document
from services.planner.document.model import Document
from services.planner.document.render import pdf_of

ROOT: Final = Path(__file__).parents[3]
"""Where the packages lie: the process that prints runs the same program, wherever this one was started."""
LONGEST: Final = 120
"""Seconds."""

_printer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="press")


async def printed(document: Document) -> bytes:
    """The document as PDF.

    Raises:
        subprocess.CalledProcessError: it cannot be set; the process said why.
        subprocess.TimeoutExpired: it took too long.
    """
    return await asyncio.get_running_loop().run_in_executor(_printer, _print, json_of(document))


def _print(content: bytes) -> bytes:
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, cwd=ROOT, timeout=LONGEST, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.stdout.buffer.write(pdf_of(read_document(sys.stdin.buffer.read())))
