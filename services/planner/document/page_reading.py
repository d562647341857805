"""What a saved page holds, element by element, and where it is not what was handed out.

What browsers may change when they save or write a page again is left out: layout, the order of attributes, where a link
leads, the note of where it was saved from. Everything else counts, also what nobody sees: a sheet or a script that was
put in could show other words than the page has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Final, NamedTuple

from services.planner.document.canonical import Difference

DEEPEST: Final = 60
"""Elements within each other; ours go to a dozen."""
VOID: Final = frozenset(
    {*("area", "base", "br", "col", "embed", "hr", "img", "input"), *("link", "meta", "source", "track", "wbr")}
)
SPACE: Final = re.compile(r"[ \t\n\f\r]+")
SAVED_FROM: Final = re.compile(r" saved from url=\(\d{4}\)[^<>]* ")
BY_BROWSERS: Final = ("meta", (("content", "text/html; charset=utf-8"), ("http-equiv", "content-type")))
"""What some add to the head; it says what our own mark says."""
AT: Final = "data-at"
TOTAL: Final = "pd-total"

Attributes = tuple[tuple[str, str], ...]


class Element(NamedTuple):
    tag: str
    attributes: Attributes
    children: tuple[Child, ...] = ()

    @property
    def text(self) -> str:
        """Its words; where it has none, the element itself."""
        words = " ".join(filter(None, (one if isinstance(one, str) else one.text for one in self.children)))
        return words or f"<{self.tag}>"


Child = Element | str


def is_page(content: bytes) -> bool:
    """Also where one of its marks is broken."""
    return b"<html" in content[:4096].lower() or b"</html>" in content[-1024:].lower()


def page_differences(published: bytes, presented: bytes) -> Iterator[Difference]:
    """Every place in which a page is not the published one; the pointer is into the document, empty outside of it.

    Raises:
        UnicodeDecodeError: the page that somebody presents is not UTF-8.
    """
    yield from _differences(_read(published), _read(presented), "")


def pointer_before(content: bytes, end: int) -> str:
    """Of the last block that has begun."""
    begun = re.findall(rf'{AT}="([^"]*)"'.encode(), content[:end])
    return begun[-1].decode(errors="replace") if begun else ""


def _read(content: bytes) -> Element:
    reader = _Reader()
    reader.feed(content.decode("utf-8-sig"))
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """What is not written as we write it becomes an element of its own, which the published page does not have."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, Attributes, list[Child]]] = [("", (), [])]

    @property
    def page(self) -> Element:
        """The whole, also where elements were left open."""
        while len(self._open) > 1:
            self._add(Element("(elemento non chiuso)", ()))
            self._shut()
        return Element("", (), tuple(self._open[0][2]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = tuple(sorted((name, _value(tag, name, value or "")) for name, value in attrs))
        if (tag, tuple((name, value.lower()) for name, value in attributes)) == BY_BROWSERS:
            return
        if tag in VOID or len(self._open) > DEEPEST:
            self._add(Element(tag, attributes))
        else:
            self._open.append((tag, attributes, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID and self._open[-1][0] == tag:
            self._shut()

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1][0] == tag and len(self._open) > 1:
            self._shut()
        else:
            self._add(Element(f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        if words := SPACE.sub(" ", data).strip(" "):
            self._add(words)

    def handle_comment(self, data: str) -> None:
        if not SAVED_FROM.fullmatch(data):
            self._add(Element("(commento)", (("", data),)))

    def handle_decl(self, decl: str) -> None:
        self._add(Element(f"!{decl.lower()}", ()))

    def unknown_decl(self, data: str) -> None:
        self._add(Element("(dichiarazione)", (("", data),)))

    def handle_pi(self, data: str) -> None:
        self._add(Element("(istruzione)", (("", data),)))

    def _add(self, child: Child) -> None:
        self._open[-1][2].append(child)

    def _shut(self) -> None:
        tag, attributes, children = self._open.pop()
        self._add(Element(tag, attributes, tuple(children)))


def _value(tag: str, name: str, value: str) -> str:
    """Saved pages name the place they come from: of a link its place on the page counts, of our sheets their path."""
    if name != "href":
        return value
    if tag == "a":
        return value.partition("#")[2]
    return value.partition("?")[0]


def _differences(ours: Element, theirs: Element, pointer: str) -> Iterator[Difference]:
    if ours == theirs:
        return
    pointer = dict(ours.attributes).get(AT, pointer)
    if ours.tag != theirs.tag:
        yield Difference(pointer, ours.text, theirs.text)
        return
    yield from _in_attributes(ours, theirs, pointer)
    for place, one, other in _side_by_side(ours.children, theirs.children):
        here = _within(ours, place, pointer)
        if isinstance(one, Element) and isinstance(other, Element):
            yield from _differences(one, other, here)
        elif one != other:
            here = dict(one.attributes).get(AT, here) if isinstance(one, Element) else here
            yield Difference(here, _words(one), _words(other))


def _in_attributes(ours: Element, theirs: Element, pointer: str) -> Iterator[Difference]:
    if ours.attributes == theirs.attributes:
        return
    was, told = dict(ours.attributes), dict(theirs.attributes)
    for name in sorted({*was, *told}):
        if was.get(name) != told.get(name):
            yield Difference(pointer, *(f'{name}="{held[name]}"' if name in held else "" for held in (was, told)))
    if len(told) < len(theirs.attributes):
        yield Difference(pointer, f"<{ours.tag}>", "un attributo ripetuto")


def _side_by_side(ours: Sequence[Child], theirs: Sequence[Child]) -> Iterator[tuple[int, Child | None, Child | None]]:
    """Each child of ours with its place and the other at it; where there are not as many, those that are alike meet."""
    if len(ours) == len(theirs):
        yield from ((place, *pair) for place, pair in enumerate(zip(ours, theirs, strict=True)))
        return
    for operation, low, high, first, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if operation != "equal":
            for index, pair in enumerate(zip_longest(ours[low:high], theirs[first:end])):
                yield min(low + index, max(low, high - 1)), *pair


def _within(parent: Element, place: int, pointer: str) -> str:
    """The pointer of a child: rows, cells, column labels and items are known by their place."""
    match parent.tag:
        case "tbody":
            return f"{pointer}/total" if _is_total(parent.children[place]) else f"{pointer}/rows/{place}"
        case "thead":
            return f"{pointer}/columns"
        case "tr":
            return f"{pointer}/{place}"
        case "ul" if pointer:
            return f"{pointer}/items/{place}"
        case "caption" if place > 0:
            return f"{pointer}/note"
    return pointer


def _is_total(row: Child) -> bool:
    return isinstance(row, Element) and ("class", TOTAL) in row.attributes


def _words(child: Child | None) -> str:
    return child.text if isinstance(child, Element) else child or ""
