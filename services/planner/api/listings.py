"""What a listing is asked for: of which municipality, from where on, and how many at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query

from shared.arrivals import PageLinks

T = TypeVar("T")
Municipality = Annotated[str | None, Query(pattern=r"^[0-9]{6}$", max_length=6)]
Cursor = Annotated[int, Query(ge=0, le=1_000_000)]


class Window(NamedTuple):
    """Pagina di un elenco: where it begins, and how many it shows at most."""

    cursor: int
    limit: int

    def cut(self, path: Callable[..., str], found: Sequence[T], **query: object) -> tuple[Sequence[T], PageLinks]:
        """What it shows, and where the listing goes on: at the `path` of the query."""
        end = self.cursor + self.limit
        following = path(cursor=end, limit=self.limit, **query) if end < len(found) else None
        return found[self.cursor : end], PageLinks(next=following)


def _of_figures(cursor: Cursor = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> Window:
    return Window(cursor, limit)


def _of_discussion(cursor: Cursor = 0, limit: Annotated[int, Query(ge=1, le=200)] = 100) -> Window:
    return Window(cursor, limit)


OfFigures = Annotated[Window, Depends(_of_figures)]
OfDiscussion = Annotated[Window, Depends(_of_discussion)]


def address(path: str, **query: object) -> str:
    """Where something is, with what is asked of it."""
    asked = {name: value for name, value in query.items() if value is not None}
    return path + (f"?{urlencode(asked)}" if asked else "")
