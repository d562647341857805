"""The language of the page being written: Italian first, English for whoever asks for it.

`?lang=` chooses, and `carried` keeps the choice in a page's own links; without a choice the browser's preference holds.
No cookie: a page's address says all that it depends on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import Request

from shared.problem_texts import Language
from shared.problems import language_of


class Spoken(NamedTuple):
    """A page's language, and whether its address chooses it."""

    language: Language = "it"
    is_chosen: bool = False


PARAMETER: Final = "lang"
_spoken: ContextVar[Spoken] = ContextVar("spoken", default=Spoken())  # noqa: B039 (a tuple never changes)


def spoken() -> Spoken:
    return _spoken.get()


def say(it: str, en: str) -> str:
    """The words in the language of the page being written."""
    return en if spoken().language == "en" else it


async def speak(request: Request) -> None:
    """FastAPI dependency of pages, and of nothing that goes on to other requests."""
    _spoken.set(asked_of(request))


def asked_of(request: Request) -> Spoken:
    match request.query_params.get(PARAMETER):
        case "it" | "en" as chosen:
            return Spoken(chosen, is_chosen=True)
    return Spoken(language_of(request))


@contextmanager
def speaking(choice: Spoken) -> Iterator[None]:
    """Another language inside the block."""
    token = _spoken.set(choice)
    try:
        yield
    finally:
        _spoken.reset(token)


def carried(href: str) -> str:
    """The address of one of our pages, in the language chosen for this one."""
    return _in_language(href, spoken().language) if spoken().is_chosen else href


def switched(request: Request) -> str:
    """The address of the present page in the other language."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return _in_language(here, "it" if spoken().language == "en" else "en")


def _in_language(href: str, language: Language) -> str:
    parts = urlsplit(href)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != PARAMETER]
    # A path that begins with two slashes would be read as another site's address.
    path = "/" + parts.path.lstrip("/")
    return urlunsplit(("", "", path, urlencode([*query, (PARAMETER, language)]), parts.fragment))
