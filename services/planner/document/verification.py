"""Whether a file, PDF, page or JSON, is a document that was handed out; if not, what differs in it and where."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, islice, zip_longest
from typing import Any, Final, NamedTuple

from services.planner.document.canonical import Difference, differences, hash_of, json_of, read_document
from services.planner.document.model import Document
from services.planner.document.page_reading import is_page, page_differences, pointer_before
from services.planner.document.pdf_text import UNREADABLE, Line, lines_of
from services.planner.document.places import pieces, place_of
from services.planner.document.render import pdf_of
from services.planner.document.web import page_of

HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")
FRONT: Final = "frontespizio, edizione o indice"
EDGE: Final = "testata o piè di pagina"
OUTSIDE: Final = "fuori dai capitoli"
FRONTS: Final = {"/cover": "frontespizio", "/edition": "questa edizione", "/index": "indice", "/foot": "piè di pagina"}
"""Places of the page that are not of its chapters."""
LONGEST: Final = 120
"""Characters of a value that are told."""


class Discrepancy(NamedTuple):
    """A place, and what stands there in the document that was handed out and in the file."""

    place: str
    published: str
    presented: str


def is_pdf(content: bytes) -> bool:
    """Also where one of its marks is broken."""
    return content.startswith(b"%PDF") or b"%%EOF" in content[-1024:]


def hashes_in(content: bytes) -> list[str]:
    """Which documents the file may claim to be, the likeliest first; what it says, and what its content comes to."""
    if is_pdf(content):
        words = "\n".join(line.text for line in lines_of(content)) + content.decode("latin-1")
        return _most_common(words)
    if is_page(content):
        return _most_common(content.decode("utf-8", errors="replace"))
    claimed = re.findall(r'"hash"\s*:\s*"([0-9a-f]{64})"', content.decode("utf-8", errors="replace"))
    try:
        return [*claimed, hash_of(read_document(content))]
    except ValueError:
        return claimed


def _most_common(words: str) -> list[str]:
    return [found for found, _ in Counter(HASH.findall(words)).most_common()]


def discrepancies(document: Document, content: bytes, most: int | None = None) -> list[Discrepancy]:
    """Where the file is not the document, the first `most` places; without it all.

    A PDF must be it to the byte, JSON and page may be laid out otherwise.
    """
    compare = _in_pdf if is_pdf(content) else _in_page if is_page(content) else _in_json
    return list(islice(compare(document, content), most))


def _in_page(document: Document, content: bytes) -> Iterator[Discrepancy]:
    try:
        for found in page_differences(page_of(document), content):
            yield Discrepancy(_place_on_page(document, found.pointer), *_told(found.published, found.presented))
    except UnicodeDecodeError as error:
        at = pointer_before(content, error.start)
        yield Discrepancy(_place_on_page(document, at), "", f"byte {error.start}: non è UTF-8")


def _place_on_page(document: Document, pointer: str) -> str:
    front = next((words for start, words in FRONTS.items() if pointer.startswith(start)), None)
    return front or (place_of(document, pointer) if pointer else OUTSIDE)


def _in_json(document: Document, content: bytes) -> Iterator[Discrepancy]:
    try:
        json.loads(content, object_pairs_hook=_without_repeats)
    except UnicodeDecodeError as error:
        at = pointer_at(content[: error.start].decode(), error.start)
        yield Discrepancy(place_of(document, at), "", f"byte {error.start}: non è UTF-8")
        return
    except ValueError as error:
        end = getattr(error, "pos", 0)
        at = pointer_at(content.decode(), end)
        yield Discrepancy(place_of(document, at), "", f"carattere {end}: non è JSON ({error})")
        return
    for found in differences(json_of(document), content):
        nearest = _narrowed(found)
        yield Discrepancy(place_of(document, nearest.pointer), *_told(nearest.published, nearest.presented))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        name = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"{name!r} is there twice")
    return held


def _narrowed(found: Difference) -> Difference:
    """Of lists of different lengths the first item that differs."""
    match found:
        case Difference(pointer, list() as published, list() as presented):
            index = next((i for i, (a, b) in enumerate(zip(published, presented, strict=False)) if a != b), None)
            if index is None:
                index = min(len(published), len(presented))
            return Difference(f"{pointer}/{index}", published[index:][:1], presented[index:][:1])
    return found


def pointer_at(text: str, end: int) -> str:
    """Pointer to the innermost value of a JSON text that has begun before `end`."""
    path: list[str | int] = []
    for token in re.finditer(r'"((?:[^"\\]|\\.)*)"\s*:|"(?:[^"\\]|\\.)*"|[{}\[\],]', text[:end]):
        match token[0]:
            case "{":
                path.append("")
            case "[":
                path.append(0)
            case "}" | "]":
                path = path[:-1]
            case ",":
                if path and isinstance(path[-1], int):
                    path[-1] += 1
            case _ if token[1] is not None and path:
                path[-1] = token[1]
    return "".join(f"/{step}" for step in path if step != "")


def _in_pdf(document: Document, content: bytes) -> Iterator[Discrepancy]:
    printed = pdf_of(document)
    if content == printed:
        return
    differing = list(_in_words(document, lines_of(printed), lines_of(content)))
    yield from differing
    if not differing:
        offset = _common(content, printed)
        yield Discrepancy(f"byte {offset}, fuori dal testo", "", "le parole sono le stesse, il file no")


def _in_words(document: Document, published: Sequence[Line], presented: Sequence[Line]) -> Iterator[Discrepancy]:
    place_at = _Places(document, published)
    start = 0
    for ours, theirs in _page_by_page(published, presented):
        matcher = SequenceMatcher(None, [line.text for line in ours], [line.text for line in theirs], autojunk=False)
        for operation, low, high, first, end in matcher.get_opcodes():
            if any(line.text == UNREADABLE for line in theirs[first:end]):
                # Its place is that of the first words under the head of the page.
                yield Discrepancy(place_at(start + min(low + 1, high - 1), ""), "", UNREADABLE)
            elif operation != "equal":
                for index, pair in enumerate(zip_longest(ours[low:high], theirs[first:end])):
                    was, told = (line.text if line else "" for line in pair)
                    yield Discrepancy(place_at(start + min(low + index, max(high, 1) - 1), told), *_told(was, told))
        start += len(ours)


def _page_by_page(ours: Sequence[Line], theirs: Sequence[Line]) -> Iterator[tuple[Sequence[Line], Sequence[Line]]]:
    """Each page beside its other; where they are not as many, all beside all."""
    pages, others = ([list(lines) for _, lines in groupby(side, key=lambda line: line.page)] for side in (ours, theirs))
    return zip(pages, others, strict=True) if len(pages) == len(others) else iter([(ours, theirs)])


class _Places:
    """Words for the places of the printed lines: each text of the model is looked for in them, from the last back."""

    def __init__(self, document: Document, lines: Sequence[Line]) -> None:
        self._lines = [_bare(line.text) for line in lines]
        self._pages = [line.page for line in lines]
        self._starts = [0]
        for text in self._lines:
            self._starts.append(self._starts[-1] + len(text))
        whole, end = "".join(self._lines), self._starts[-1]
        found = []
        for _, place, text in reversed(list(pieces(document))):
            at = whole.rfind(_bare(text), 0, end) if text else -1
            if at >= 0:
                found.append((at, place))
                end = at
        self._found = found[::-1]

    def __call__(self, index: int, presented: str) -> str:
        """Of the first character of a line that is not as presented."""
        page = self._pages[index]
        at = self._starts[index] + _common(self._lines[index], _bare(presented))
        place = bisect_right(self._found, at, key=lambda one: one[0]) - 1
        words = FRONT if place < 0 else EDGE if self._is_edge(index) else self._found[place][1]
        return f"pagina {page}, {words}"

    def _is_edge(self, index: int) -> bool:
        """The head is the first line of a page, the foot its last two."""
        neighbours = self._pages[max(index - 1, 0)], (self._pages[index + 2 : index + 3] or [0])[0]
        return any(page != self._pages[index] for page in neighbours)


def _common(first: str | bytes, second: str | bytes) -> int:
    """How long they begin alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _told(published: Any, presented: Any) -> tuple[str, str]:
    """Both as text, cut to where they part."""
    was, told = (
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, sort_keys=True)
        for one in (published, presented)
    )
    start = max(0, _common(was, told) - LONGEST // 4) if max(len(was), len(told)) > LONGEST else 0
    return _cut(was, start), _cut(told, start)


def _cut(text: str, start: int) -> str:
    end = start + LONGEST
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
