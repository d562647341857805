"""Files that anybody hands in are read in a process that ends with it: it has limits, and keeps nothing.

It first says which documents the file may claim to be, then, given one of them, where the file is not that.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from services.planner.document.canonical import read_document
from services.planner.document.page_reading import is_page
from services.planner.document.verification import Discrepancy, discrepancies, hashes_in, is_pdf

ROOT: Final = Path(__file__).parents[3]
LONGEST: Final = 60
"""Seconds, of the clock and of the processor."""
MEMORY: Final = 2 * 1024**3
MOST: Final = 50
"""Places that are told."""
MOST_CLAIMS: Final = 20

_desk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="examiner")


class FileKind(StrEnum):
    """What sort of file somebody hands in."""

    PDF = "PDF"
    ENCRYPTED_PDF = "ENCRYPTED_PDF"
    PAGE = "PAGE"
    JSON = "JSON"
    ARCHIVE = "ARCHIVE"
    OTHER = "OTHER"


class Claims(NamedTuple):
    """Which documents a file may claim to be, by hash, the likeliest first."""

    kind: FileKind
    hashes: tuple[str, ...]


class Unexaminable(Exception):
    """The file takes too long, needs too much, or breaks what reads it."""


async def claims_of(content: bytes) -> Claims:
    """Raises `Unexaminable`."""
    kind, hashes = json.loads(await _asked("claims", content))
    return Claims(FileKind(kind), tuple(hashes))


async def differences_of(document: bytes, content: bytes) -> list[Discrepancy]:
    """Where a file is not the document, which is given as its JSON: `MOST` places; raises `Unexaminable`."""
    told = await _asked("differences", len(document).to_bytes(8) + document + content)
    return [Discrepancy(*one) for one in json.loads(told)]


async def _asked(question: str, content: bytes) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_desk, _run, question, content)


def _run(question: str, content: bytes) -> bytes:
    command = [sys.executable, "-m", __name__, question]
    try:
        done = subprocess.run(command, input=content, capture_output=True, cwd=ROOT, timeout=LONGEST, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unexaminable(str(error)) from error
    return done.stdout


def kind_of(content: bytes) -> FileKind:
    if is_pdf(content):
        return FileKind.ENCRYPTED_PDF if b"/Encrypt" in content else FileKind.PDF
    if is_page(content):
        return FileKind.PAGE
    if content.startswith(b"PK\x03\x04"):
        return FileKind.ARCHIVE
    return FileKind.JSON if content.lstrip()[:1] == b"{" else FileKind.OTHER


def _claims(content: bytes) -> Claims:
    return Claims(kind_of(content), tuple(hashes_in(content)[:MOST_CLAIMS]))


def _differences(content: bytes) -> list[Discrepancy]:
    end = 8 + int.from_bytes(content[:8])
    return discrepancies(read_document(content[8:end]), content[end:], MOST)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers: Mapping[str, Callable[[bytes], object]] = {"claims": _claims, "differences": _differences}
    # Escaped: a file may have characters that no encoding has.
    sys.stdout.write(json.dumps(answers[sys.argv[1]](sys.stdin.buffer.read())))
