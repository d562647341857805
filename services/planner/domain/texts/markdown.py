"""The Markdown that texts may be written in: paragraphs, lists, one level of sub-headings, references to figures.

Everything else is refused where it stands. Emphasis too: the document tells what is said, not how loud.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shared.problem_texts import Text

_PARSER: Final = MarkdownIt("commonmark").enable("table").disable(["reference", "entity"])
"""Tables are read so that they can be refused; definitions of links and entities stay the characters that they are."""
_INVISIBLE: Final = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
"""What changes the order in which others are read."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])(?<![A-Z]\.)[ \t\n]+(?=[A-ZÀ-ÖØ-Þ«“\"(])")
_BLANKS: Final = re.compile(r"[ \t\n]+")


class BlockKind(StrEnum):
    """Tipo di capoverso."""

    HEADING = "HEADING"
    PARAGRAPH = "PARAGRAPH"
    LISTING = "LISTING"


class Passage(NamedTuple):
    """Brano: a sentence, an item of a list or a sub-heading, and the line it begins on."""

    text: str
    line: int


class Block(NamedTuple):
    """Capoverso: the sentences of a paragraph, the items of a list, or one sub-heading."""

    kind: BlockKind
    passages: tuple[Passage, ...]


class Fault(NamedTuple):
    """Errore nel testo: on which line, what is wrong, and how to mend it."""

    line: int
    rule: Text
    remedy: Text


class Read(NamedTuple):
    """Testo letto: its blocks, in order, and everything that keeps it from being one."""

    blocks: tuple[Block, ...]
    faults: tuple[Fault, ...]


def read_markdown(markdown: str) -> Read:
    """Blocks without a fault are the whole text: no letter or number is left out."""
    if faults := tuple(_unreadable(markdown)):
        return Read((), faults)
    tokens = _PARSER.parse(markdown)
    blocks = tuple(_blocks(tokens))
    # Each once: an HTML element has two ends.
    found = (*dict.fromkeys(_faults(tokens)), *_empty_headings(blocks), *_empty_items(blocks))
    return Read(blocks, tuple(sorted(found, key=lambda fault: fault.line)))


def _unreadable(markdown: str) -> Iterator[Fault]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", markdown), start=1):
        bad = next((one for one in line if one != "\t" and unicodedata.category(one) in ("Cc", "Cs")), None)
        bad = bad or next(iter(_INVISIBLE.findall(line)), None)
        if bad is not None:
            yield Fault(number, _CONTROL.filled(code=f"U+{ord(bad):04X}"), _CONTROL_REMEDY)


def _faults(tokens: Sequence[Token]) -> Iterator[Fault]:
    depth = line = 0
    for before, token in zip((None, *tokens), tokens, strict=False):
        line = token.map[0] + 1 if token.map else line
        depth += {"bullet_list_open": 1, "bullet_list_close": -1}.get(token.type, 0)
        if token.type in _REFUSED:
            yield Fault(line, *_REFUSED[token.type])
        elif token.type == "heading_open" and token.markup != "##":
            yield Fault(line, _HEADING, _HEADING_REMEDY)
        elif token.type == "bullet_list_open" and depth > 1:
            yield Fault(line, _NESTED, _NESTED_REMEDY)
        elif token.type == "list_item_close" and before is not None and before.type == "list_item_open":
            yield Fault(line, _EMPTY_ITEM, _EMPTY_ITEM_REMEDY)
        elif depth and token.type in ("paragraph_open", "heading_open") and _is_second(before, token):
            yield Fault(line, _LONG_ITEM, _LONG_ITEM_REMEDY)
        yield from _inline_faults(token, line)


def _is_second(before: Token | None, token: Token) -> bool:
    """Whether an item of a list goes on after its paragraph, or is no paragraph."""
    return token.type == "heading_open" or before is None or before.type != "list_item_open"


def _inline_faults(token: Token, line: int) -> Iterator[Fault]:
    for child in token.children or ():
        line += child.type in ("softbreak", "hardbreak")
        if child.type in _REFUSED:
            yield Fault(line, *_REFUSED[child.type])


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    items: list[Passage] = []
    opened = ""
    for token in tokens:
        if token.type == "bullet_list_close":
            yield Block(BlockKind.LISTING, tuple(items))
            items, opened = [], ""
        elif token.type in ("bullet_list_open", "heading_open"):
            opened = token.type
        elif token.type == "heading_close":
            opened = ""
        elif token.type == "inline":
            told = _raw(token)
            if opened == "bullet_list_open":
                items.append(_on_one_line(told))
            elif opened == "heading_open":
                yield Block(BlockKind.HEADING, (_on_one_line(told),))
            elif sentences := tuple(one for one in _sentences(told) if one.text):
                yield Block(BlockKind.PARAGRAPH, sentences)


def _raw(token: Token) -> Passage:
    """With the ends of its lines."""
    text = "".join("\n" if child.type.endswith("break") else child.content for child in token.children or ())
    return Passage(text, token.map[0] + 1 if token.map else 0)


def _on_one_line(told: Passage) -> Passage:
    return Passage(_BLANKS.sub(" ", told.text).strip(" "), told.line)


def _sentences(told: Passage) -> Iterator[Passage]:
    begin = 0
    for end in (*_SENTENCE_END.finditer(told.text), None):
        text = told.text[begin : end.start() if end else None]
        yield _on_one_line(Passage(text, told.line + told.text.count("\n", 0, begin)))
        begin = end.end() if end else begin


def _empty_headings(blocks: Sequence[Block]) -> Iterator[Fault]:
    for block, following in pairwise((*blocks, None)):
        if block is None or block.kind is not BlockKind.HEADING:
            continue
        if following is None or following.kind is BlockKind.HEADING or not block.passages[0].text:
            yield Fault(block.passages[0].line, _EMPTY_HEADING, _EMPTY_HEADING_REMEDY)


def _empty_items(blocks: Sequence[Block]) -> Iterator[Fault]:
    """Items of nothing but blanks, of whichever kind; to the parser these are items with text."""
    for block in blocks:
        if block.kind is BlockKind.LISTING:
            yield from (Fault(item.line, _EMPTY_ITEM, _EMPTY_ITEM_REMEDY) for item in block.passages if not item.text)


_CONTROL = Text("C’è un carattere invisibile ({code}).", "There is an invisible character ({code}).")
_CONTROL_REMEDY = Text(
    "Cancellarlo: spesso arriva incollando da un altro programma.", "Delete it: it often comes with what is pasted."
)
_HEADING = Text("Questo titolo non è ammesso.", "This heading is not admitted.")
_HEADING_REMEDY = Text(
    "Scrivere i sottotitoli con due cancelletti: «## Trasporti».", "Write sub-headings with two hashes: “## Transport”."
)
_EMPTY_HEADING = Text("Sotto questo titolo non c’è testo.", "There is no text under this heading.")
_EMPTY_HEADING_REMEDY = Text("Scrivere il testo, o togliere il titolo.", "Write the text, or remove the heading.")
_NESTED = Text("Un elenco sta dentro un altro.", "A list is inside another.")
_NESTED_REMEDY = Text("Scrivere un elenco solo, o due di seguito.", "Write one list, or one after the other.")
_LONG_ITEM = Text("La voce di elenco ha più di un capoverso.", "The item of the list has more than one paragraph.")
_LONG_ITEM_REMEDY = Text("Scrivere ogni voce in un capoverso solo.", "Write each item as one paragraph.")
_EMPTY_ITEM = Text("La voce di elenco è vuota.", "The item of the list is empty.")
_EMPTY_ITEM_REMEDY = Text("Scriverla, o togliere il trattino.", "Write it, or remove the hyphen.")
_NO_EMPHASIS = (
    Text("Il corsivo e il grassetto non sono ammessi.", "Emphasis is not admitted."),
    Text(
        "Togliere gli asterischi o i trattini bassi; per scriverne uno, metterci davanti una barra rovescia.",
        "Remove asterisks or underscores; to write one, put a backslash before it.",
    ),
)
_NO_HTML = (
    Text("L’HTML non è ammesso.", "HTML is not admitted."),
    Text("Scrivere il testo senza marcatori tra < e >.", "Write the text without tags between < and >."),
)
_NO_LINK = (
    Text("I collegamenti non sono ammessi.", "Links are not admitted."),
    Text("Scrivere per esteso a che cosa ci si riferisce.", "Write out what is referred to."),
)
_NO_CODE = (
    Text("I blocchi di codice non sono ammessi.", "Code is not admitted."),
    Text(
        "Togliere gli accenti gravi, e i quattro spazi con cui comincia la riga.",
        "Remove the backticks, and the four blanks that begin the line.",
    ),
)
_NO_RULE = (
    Text("Le linee di separazione non sono ammesse.", "Dividing lines are not admitted."),
    Text("Separare con un sottotitolo («## …») o una riga vuota.", "Divide by a sub-heading or an empty line."),
)
_REFUSED: Final = {
    "em_open": _NO_EMPHASIS,
    "strong_open": _NO_EMPHASIS,
    "html_block": _NO_HTML,
    "html_inline": _NO_HTML,
    "link_open": _NO_LINK,
    "image": (
        Text("Le immagini non sono ammesse.", "Images are not admitted."),
        Text("Descriverla a parole.", "Describe it in words."),
    ),
    "code_inline": _NO_CODE,
    "code_block": _NO_CODE,
    "fence": _NO_CODE,
    "hr": _NO_RULE,
    "ordered_list_open": (
        Text("Gli elenchi numerati non sono ammessi.", "Numbered lists are not admitted."),
        Text(
            "Cominciare le voci con un trattino; se è un numero in un testo, scrivere «1\\.» o cambiare riga prima.",
            "Begin the items with a hyphen; if it is a number in a text, write “1\\.”.",
        ),
    ),
    "blockquote_open": (
        Text("I blocchi di citazione non sono ammessi.", "Block quotations are not admitted."),
        Text("Usare le virgolette «»; togliere il > iniziale.", "Use quotation marks; remove the > at the beginning."),
    ),
    "table_open": (
        Text("Le tabelle non sono ammesse.", "Tables are not admitted."),
        Text("Quelle del piano si fanno da sole; usare un elenco.", "The plan makes its own; use a list."),
    ),
}
