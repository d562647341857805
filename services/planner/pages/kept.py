"""Pages as they were written last: nobody's page is written twice while nothing that it is made of has changed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final
from weakref import WeakKeyDictionary

from fastapi import Request, Response

from shared.forms import reader_of

MOST: Final = 200
_kept: WeakKeyDictionary[Any, OrderedDict[tuple[str, str], bytes]] = WeakKeyDictionary()


def kept_page(request: Request, tag: str) -> Response | None:
    """The page of this address and tag; None where it must be written, which `keep` then keeps.

    Who has signed in, or comes with a token, may be shown more: that is written for nobody else.
    """
    if reader_of(request) or getattr(request.state, "who", None) is not None:
        return None
    key = tag, _address(request)
    request.state.page_key = key
    pages = _kept.setdefault(request.app, OrderedDict())
    if key not in pages:
        return None
    pages.move_to_end(key)
    return Response(pages[key], media_type="text/html")


def keep(request: Request, response: Response) -> None:
    """For everybody, if the route has asked for it; nothing that has a form's token, which is one browser's alone."""
    key = getattr(request.state, "page_key", None)
    if key is None or hasattr(request.state, "visit"):
        return
    pages = _kept.setdefault(request.app, OrderedDict())
    pages[key] = bytes(response.body)
    while len(pages) > MOST:
        pages.popitem(last=False)


def _address(request: Request) -> str:
    """With its query: the link to the other language and the one to sign in lead back to it."""
    return f"{request.url.path}?{request.url.query}"
