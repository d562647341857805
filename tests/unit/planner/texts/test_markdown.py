"""The Markdown of texts: what is admitted is told whole, everything else is refused on its line."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.planner.domain.texts.markdown import BlockKind, read_markdown

TEXT = """Il primo capoverso
va a capo. Ha due frasi.

## Trasporti

- autobus
- treni, anche
  la sera
"""


def test_paragraphs_lists_and_sub_headings_become_blocks() -> None:
    read = read_markdown(TEXT)
    assert read.faults == ()
    assert [(block.kind, [passage.text for passage in block.passages]) for block in read.blocks] == [
        (BlockKind.PARAGRAPH, ["Il primo capoverso va a capo.", "Ha due frasi."]),
        (BlockKind.HEADING, ["Trasporti"]),
        (BlockKind.LISTING, ["autobus", "treni, anche la sera"]),
    ]
    assert [passage.line for block in read.blocks for passage in block.passages] == [1, 2, 4, 6, 7]


@pytest.mark.parametrize(
    ("markdown", "line", "rule"),
    [
        ("Uno *due*", 1, "corsivo"),
        ("Uno\ne __due__", 2, "corsivo"),
        ("Testo\n\n<b>no</b>", 3, "HTML"),
        ("<script>alert(1)</script>", 1, "HTML"),
        ("[qui](https://example.org)", 1, "collegamenti"),
        ("<https://example.org>", 1, "collegamenti"),
        ("![foto](foto.png)", 1, "immagini"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 1, "tabelle"),
        ("Uno\n\n1. primo", 3, "numerati"),
        ("> citato", 1, "citazione"),
        ("`codice`", 1, "codice"),
        ("```\ncodice\n```", 1, "codice"),
        ("    codice", 1, "codice"),
        ("Uno\n\n***", 3, "separazione"),
        ("# Grande\n\nTesto", 1, "titolo"),
        ("Titolo\n======\n\nTesto", 1, "titolo"),
        ("## Vuoto", 1, "non c’è testo"),
        ("- uno\n  - due", 2, "dentro un altro"),
        ("- uno\n\n  ancora", 3, "più di un capoverso"),
        ("- uno\n-", 2, "vuota"),
        ("Uno\ndu\u0007e", 2, "U+0007"),
        ("Uno \u202e due", 1, "U+202E"),
        ("Uno \ud800 due", 1, "U+D800"),
    ],
)
def test_what_is_not_admitted_is_refused_on_its_line(markdown: str, line: int, rule: str) -> None:
    [fault, *_] = read_markdown(markdown).faults
    assert fault.line == line
    assert rule in fault.rule.it
    assert fault.remedy.it
    assert fault.remedy.en


@pytest.mark.parametrize(
    ("markdown", "told"),
    [
        ("L.R. 16/2016 & R.R. 4/2017: < 3.000 €", "L.R. 16/2016 & R.R. 4/2017: < 3.000 €"),
        ("&copy; resta com’è", "&copy; resta com’è"),
        ("[nota]: https://example.org", "[nota]: https://example.org"),
        (r"2026\. è un anno", "2026. è un anno"),
        (r"un \*asterisco\*", "un *asterisco*"),
        ("{{a_b}} e {{c_d}}", "{{a_b}} e {{c_d}}"),
    ],
)
def test_what_only_looks_like_markup_stays_text(markdown: str, told: str) -> None:
    read = read_markdown(markdown)
    assert read.faults == ()
    assert " ".join(passage.text for block in read.blocks for passage in block.passages) == told


WRITTEN = st.text(max_size=200) | st.lists(
    st.sampled_from(["- ", "## ", "\n", "\n\n", "* ", "> ", "1. ", "    ", "<b>", "[a](b)", "`", "*", "_", "|", "---"])
    | st.text("abcàè123 .!\u00a0\u2028😀", max_size=8),
    max_size=30,
).map("".join)


@settings(max_examples=400)
@given(WRITTEN)
@example("- a\n- b\n\n- c")
@example("a\u2028b\x85c")
@example("- \u2028")
@example("- a\n- \xa0\n")
def test_any_text_is_refused_or_told_with_every_letter_and_number(markdown: str) -> None:
    read = read_markdown(markdown)
    if read.faults:
        assert all(1 <= fault.line <= markdown.count("\n") + markdown.count("\r") + 1 for fault in read.faults)
        return
    told = "".join(passage.text for block in read.blocks for passage in block.passages)
    assert [one for one in told if one.isalnum()] == [one for one in markdown if one.isalnum()]
    assert all(passage.text for block in read.blocks for passage in block.passages)
