"""A form that a browser sends with a file: read into memory and nowhere else, not above a size, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.problems import Problem, Text, of_status

MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
DRAINED: Final = 8
"""A form of so many times the size is still heard to its end, so that the browser hears why it is refused."""
AT_ONCE: Final = 4
LONGEST: Final = 120
"""Seconds that a form may take to arrive."""
MAX_FIELDS: Final = 20


class Upload(NamedTuple):
    """A file as the browser names it; nothing of it where none was chosen."""

    name: str
    content: bytes


class _InMemory(MultiPartParser):
    spool_max_size = 2 * MAX_UPLOAD_BYTES


_arriving: set[int] = set()


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


async def read_form_with_file(request: Request) -> tuple[dict[str, str], Upload]:
    """The fields and the file of a form; raises `Problem` 413, 503, 408 or 400."""
    parser = _InMemory(request.headers, _limited(request), max_files=1, max_fields=MAX_FIELDS)
    with _one_of_few(request):
        try:
            async with asyncio.timeout(LONGEST):
                form = await parser.parse()
        except TimeoutError:
            raise of_status(408) from None
        except MultiPartException:
            raise of_status(400) from None
    fields, upload = {}, Upload("", b"")
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            upload = Upload(value.filename or "", await value.read())
        else:
            fields[name] = value
    await form.close()
    return fields, upload


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_UPLOAD_BYTES:
            yield chunk
        elif size > DRAINED * MAX_UPLOAD_BYTES:
            break
    if size > MAX_UPLOAD_BYTES:
        raise of_status(413, _TOO_LARGE.filled(limit=MAX_UPLOAD_BYTES // 1024**2))


@contextmanager
def _one_of_few(request: Request) -> Iterator[None]:
    if len(_arriving) >= AT_ONCE:
        raise Problem(503, "too-many-uploads", of_status(503).title, _TOO_MANY, headers={"Retry-After": "20"})
    _arriving.add(id(request))
    try:
        yield
    finally:
        _arriving.discard(id(request))


_TOO_LARGE = Text(
    "Il file è troppo grande: il limite è di {limit} MB.", "The file is too large: the limit is {limit} MB."
)
_TOO_MANY = Text(
    "Arrivano già altri file: riprovare tra poco.", "Other files are arriving already: try again in a moment."
)
