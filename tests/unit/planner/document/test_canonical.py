"""The document's JSON: read back it is the same document, and its hash is that of every value in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.document.canonical import (
    Difference,
    differences,
    hash_of,
    is_sealed,
    json_of,
    read_document,
    sealed,
)
from services.planner.document.model import Cell, Column, ColumnKind, Document, Paragraph, Table
from services.planner.domain.narrative.sentences import Sentence
from tests.unit.planner.document.documents import DOCUMENT, tables, with_table

SEALED = sealed(DOCUMENT)


def leaves(held: Any, pointer: str = "") -> Iterator[str]:
    """Pointers to everything that is no object and no list with something in it."""
    if isinstance(held, dict) and held:
        for key, value in held.items():
            yield from leaves(value, f"{pointer}/{key}")
    elif isinstance(held, list) and held:
        for index, value in enumerate(held):
            yield from leaves(value, f"{pointer}/{index}")
    else:
        yield pointer


def changed(held: Any, pointer: str) -> bytes:
    """The JSON with another value at the pointer."""
    copy = json.loads(json.dumps(held))
    *path, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
    place = copy
    for step in path:
        place = place[step]
    place[last] = {"other": place[last]}
    return json.dumps(copy).encode()


def test_its_json_is_written_as_said() -> None:
    held = json.loads(json_of(SEALED))
    rows = held["parts"][0]["sections"][1]["blocks"][1]["rows"]
    assert [cell["value"] for cell in rows[0]] == [
        *("Comune di Soresina", 1204, 12345, [8, 15], "0.1396", "1850.50", "2026-10-31"),
    ]
    assert rows[1][0] == {"value": None, "figure": "", "instead": "meno di 5"}
    assert held["parts"][0]["sections"][0]["blocks"][0]["sentences"] == [
        {"text": "Ci sono 40 alloggi.", "figures": ["cremonese/stock_total"]}
    ]
    assert held["edition"]["reference_on"] == "2026-11-23"


def test_anybody_can_compute_the_hash() -> None:
    """With nothing but JSON and SHA-256: sorted keys, no white space, the hash itself left empty."""
    held = json.loads(json_of(SEALED))
    said, held["edition"]["hash"] = held["edition"]["hash"], ""
    written = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert said == hashlib.sha256(written.encode()).hexdigest() == SEALED.edition.hash


def test_read_back_it_is_the_same_document() -> None:
    assert read_document(json_of(SEALED)) == SEALED
    assert is_sealed(read_document(json_of(SEALED)))


@given(tables())
def test_tables_of_every_kind_are_read_back(table: Table) -> None:
    document = with_table(table)
    found = read_document(json_of(document))
    assert found == document
    assert json_of(found) == json_of(document)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", json_of(SEALED)[:-1]])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_document(content)


@pytest.mark.parametrize(
    ("was", "is_now"),
    [(b'"0.1396"', b'"molto"'), (b"[8,15]", b"8"), (b'"kind":"DAY"', b'"sort":"DAY"'), (b'"2026-10-31"', b'"ieri"')],
)
def test_a_table_that_cannot_be_read_is_refused(was: bytes, is_now: bytes) -> None:
    content = json_of(SEALED)
    assert was in content
    with pytest.raises(ValueError, match=r"."):
        read_document(content.replace(was, is_now))


def test_sealing_twice_changes_nothing() -> None:
    assert sealed(SEALED) == SEALED


@pytest.mark.parametrize(
    "other",
    [
        replace(SEALED, synthetic=False),
        replace(SEALED, edition=replace(SEALED.edition, version=4)),
        replace(SEALED, edition=replace(SEALED.edition, log_head="c" * 64)),
        replace(SEALED, edition=replace(SEALED.edition, audit_head="c" * 64)),
        replace(SEALED, cover=replace(SEALED.cover, acts=())),
    ],
)
def test_another_document_has_another_hash(other: Document) -> None:
    assert not is_sealed(other)
    assert hash_of(other) != SEALED.edition.hash


def test_what_was_sealed_without_a_seal_of_the_audit_stays_sealed() -> None:
    """Editions from before the audit's head was printed."""
    assert b"audit_head" not in json_of(SEALED)
    assert is_sealed(read_document(json_of(SEALED)))


def test_the_same_document_differs_nowhere() -> None:
    assert differences(json_of(SEALED), json_of(SEALED)) == ()


@given(st.sampled_from(sorted(leaves(json.loads(json_of(SEALED))))))
def test_every_changed_place_is_named_and_no_other(pointer: str) -> None:
    held = json.loads(json_of(SEALED))
    found = differences(json_of(SEALED), changed(held, pointer))
    assert [difference.pointer for difference in found] == [pointer]


@pytest.mark.parametrize(
    ("published", "presented", "expected"),
    [
        (b'{"a":null}', b"{}", Difference("/a", None, None)),
        (b'{"a":1}', b'{"a":true}', Difference("/a", 1, True)),
        (b'{"a":[1,2]}', b'{"a":[1]}', Difference("/a", [1, 2], [1])),
        (b'{"a/b":{"~":1}}', b'{"a/b":{"~":2}}', Difference("/a~1b/~0", 1, 2)),
    ],
)
def test_what_python_takes_for_equal_or_json_cannot_tell_is_told(
    published: bytes, presented: bytes, expected: Difference
) -> None:
    assert differences(published, presented) == (expected,)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ColumnKind.NUMBER, "7"),
        (ColumnKind.NUMBER, True),
        (ColumnKind.TEXT, 7),
        (ColumnKind.PERCENT, 0.2),
        (ColumnKind.SPAN, (1, 2)),
    ],
)
def test_a_value_of_another_kind_than_its_column_is_refused(kind: ColumnKind, value: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        Table("Prova", (Column("x", kind),), ((Cell(value),),))


def test_a_row_has_a_cell_for_every_column() -> None:
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Table("Prova", (Column("x"),), (), (Cell("a"), Cell("b")))


def test_a_paragraph_is_its_sentences() -> None:
    assert Paragraph((Sentence("Uno.", ()), Sentence("Due.", ()))).text == "Uno. Due."
