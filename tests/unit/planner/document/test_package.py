"""The package of open data: what the document says, for programs; read here with nothing but the standard library."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.document.canonical import json_of, read_document
from services.planner.document.model import Cell, Column, ColumnKind, Document, Span, Table
from services.planner.document.package import package_of
from services.planner.document.package.tables import safe, tables_of, written_csv
from tests.support.plan_material import assembled_synthetic
from tests.support.world import AMBITO
from tests.unit.planner.document.documents import with_table

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def document() -> Document:
    return assembled_synthetic()


@pytest.fixture(scope="module")
def package(document: Document) -> dict[str, bytes]:
    with ZipFile(BytesIO(package_of(document, AMBITO, LICENCE))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode(), newline="")))


def table_named(package: dict[str, bytes], name: str) -> list[dict[str, str]]:
    [found] = [content for path, content in package.items() if path.endswith(f"-{name}.csv")]
    return read_csv(found)


def test_the_same_document_makes_the_same_bytes(document: Document) -> None:
    assert package_of(document, AMBITO, LICENCE) == package_of(read_document(json_of(document)), AMBITO, LICENCE)


def test_every_file_is_as_its_sum_says(package: dict[str, bytes]) -> None:
    sums = dict(reversed(line.split("  ")) for line in package["SHA256SUMS"].decode().splitlines())
    assert sums == {name: sha256(content).hexdigest() for name, content in package.items() if name != "SHA256SUMS"}


def test_the_document_is_in_it_and_the_read_me_says_its_hash(document: Document, package: dict[str, bytes]) -> None:
    assert package["documento.json"] == json_of(document)
    read_me = package["LEGGIMI.txt"].decode()
    assert document.edition.hash in read_me
    assert "DATI SINTETICI" in read_me
    named = {line.split()[0] for line in read_me.splitlines() if line.endswith(")") or "  " in line}
    assert {"documento.json", "dizionario.csv", "comuni.geojson", "metadati.jsonld", "SHA256SUMS"} <= named


def test_every_table_is_a_file_with_a_row_for_each_of_its_own(document: Document, package: dict[str, bytes]) -> None:
    tables = [block for chapter in document.chapters for block in chapter.blocks if isinstance(block, Table)]
    files = sorted(name for name in package if name.startswith("tabelle/"))
    assert [len(read_csv(package[name])) for name in files] == [len(table.rows) for table in tables]


def test_rows_of_municipalities_have_their_code_and_numbers_as_programs_read_them(package: dict[str, bytes]) -> None:
    """Soresina: 8,816 residents on 1 January 2023 (ISTAT), 8,995 at the census of 2011: -2.0 %."""
    [people] = [row for row in table_named(package, "popolazione-comune-per-comune") if row["Comune"] == "Soresina"]
    assert (people["codice_istat"], people["Residenti"], people["Residenti per km²"]) == ("019098", "8816", "313.500")
    assert float(people["Variazione dal 2011"]) == pytest.approx(8816 / 8995 - 1, abs=5e-4)


def test_what_is_not_told_is_empty_and_why_stands_beside(package: dict[str, bytes]) -> None:
    rows = table_named(package, "fabbisogno-del-triennio-comune-per-comune")
    hidden = [row for row in rows if not row["Famiglie nel triennio"]]
    assert 0 < len(hidden) < len(rows)
    for row in hidden:
        assert row["Intervallo (min)"] == row["Intervallo (max)"] == row["Copertura, al più"] == ""
        assert row["non_detto"].startswith("Famiglie nel triennio: meno di 5; ")


def test_the_dictionary_has_every_field_and_no_other(package: dict[str, bytes]) -> None:
    told = [(row["file"], row["campo"]) for row in read_csv(package["dizionario.csv"])]
    fields = []
    for name in sorted(package):
        if name.startswith("tabelle/"):
            header = next(csv.reader(StringIO(package[name].decode(), newline="")))
            assert len(set(header)) == len(header)
            fields += [(name.removeprefix("tabelle/"), field) for field in header]
    assert told == fields


def test_a_value_of_every_kind_is_written_for_programs() -> None:
    kinds = (ColumnKind.NUMBER, ColumnKind.THOUSANDTHS, ColumnKind.SPAN, ColumnKind.PERCENT, ColumnKind.TEXT)
    columns = tuple(Column(kind.value, kind) for kind in kinds)
    row = (Cell(-1204), Cell(12345), Cell(Span(8, 15)), Cell(None, instead="n.p."), Cell("=1+1"))
    [table] = [one for one in tables_of(with_table(Table("Prova", columns, (row,))), "altrove") if one.title == "Prova"]
    assert [field.name for field in table.fields] == [
        *("NUMBER", "THOUSANDTHS", "SPAN (min)", "SPAN (max)", "PERCENT", "TEXT", "non_detto"),
    ]
    assert table.rows == (("-1204", "12.345", "8", "15", "", "'=1+1", "PERCENT: n.p."),)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_no_text_becomes_a_formula_and_every_text_is_read_back(texts: list[str]) -> None:
    written = [safe(text) for text in texts]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in written)
    [read] = csv.reader(StringIO(written_csv([written]).decode(errors="strict"), newline=""))
    assert read == written
    assert [text[1:] if text != was else text for text, was in zip(read, texts, strict=True)] == texts


def test_the_map_has_the_figures_of_the_tables(package: dict[str, bytes]) -> None:
    features = {one["properties"]["istat_code"]: one for one in json.loads(package["comuni.geojson"])["features"]}
    assert len(features) == 48
    stock = table_named(package, "patrimonio-occupato-e-libero")
    need = table_named(package, "fabbisogno-del-triennio-comune-per-comune")
    for row in stock:
        assert features[row["codice_istat"]]["properties"]["stock_total"] == int(row["Alloggi in patrimonio"])
    for row in need:
        told = features[row["codice_istat"]]["properties"]
        assert told.get("need_3y") == (float(value) if (value := row["Famiglie nel triennio"]) else None)
        assert told.get("need_3y_low") == (int(low) if (low := row["Intervallo (min)"]) else None)


def test_metadata_name_every_distribution_with_its_licence(package: dict[str, bytes]) -> None:
    """Of DCAT-AP_IT: what it lays down for a dataset and for each distribution."""
    held: dict[str, Any] = json.loads(package["metadati.jsonld"])
    mandatory = ("title", "description", "identifier", "modified", "accrualPeriodicity", "rightsHolder")
    assert all(held[f"dct:{name}"] for name in mandatory)
    assert held["dcat:theme"]["@id"].startswith("http://publications.europa.eu/resource/authority/data-theme/")
    assert "Dati sintetici" in held["dct:description"]["@value"]
    told = {one["dcat:accessURL"]["@id"] for one in held["dcat:distribution"]}
    assert told == {name for name in package if name.startswith(("tabelle/", "documento.json", "comuni"))}
    assert {one["dct:license"]["@id"] for one in held["dcat:distribution"]} == {LICENCE}


def test_a_territory_that_is_not_installed_has_no_map_and_no_codes(document: Document) -> None:
    with ZipFile(BytesIO(package_of(replace(document, synthetic=False), "altrove", LICENCE))) as archive:
        assert "comuni.geojson" not in archive.namelist()
        assert "DATI SINTETICI" not in archive.read("LEGGIMI.txt").decode()
