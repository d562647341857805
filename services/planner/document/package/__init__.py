"""The plan as open data: a zip of tables, map, document, dictionary, metadata and schema; the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from services.planner.document.canonical import json_of
from services.planner.document.model import Document
from services.planner.document.package.geography import geography_of
from services.planner.document.package.metadata import metadata_of
from services.planner.document.package.tables import dictionary_of, tables_of, written_csv
from services.planner.document.writing import written_day
from shared.territory import ATTRIBUTION

SCHEMA: Final = "documento.schema.json"
SYNTHETIC: Final = "DATI SINTETICI: alloggi, eventi, dichiarazioni e casi sono generati da un programma."
READ_ME: Final = """\
{title} {years}, {ambito}
Versione {version} ({status}), dati al {day}
Impronta del documento (SHA-256): {hash}
{synthetic}
documento.json          il documento intero; la sua impronta è stampata in fondo a ogni pagina del PDF
{schema}   com’è fatto (JSON Schema, bozza 2020-12)
tabelle/*.csv           una tabella per file: UTF-8, virgola, punto decimale, senza le righe dei totali
dizionario.csv          ogni campo di ogni tabella: tipo, unità, descrizione
comuni.geojson          i comuni con i loro numeri (WGS84)
metadati.jsonld         metadati secondo il profilo DCAT-AP_IT
SHA256SUMS              impronta di ogni file: sha256sum -c SHA256SUMS

Un campo vuoto non ha un valore: il campo non_detto dice perché (n.p.: non pubblicato, perché identificherebbe un
nucleo; n.d.: non disponibile). Un testo che un foglio di calcolo leggerebbe come formula comincia con un apostrofo.
I dati del piano: {licence}
{attribution}
"""


def package_of(document: Document, ambito: str, licence: str) -> bytes:
    """All that the document says, and nothing else; `licence` is the address of the one the plan's data have.

    Not compressed: other versions of a compressor write other bytes.
    """
    contents = dict(_contents(document, ambito, licence))
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in contents.items())
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        for name, content in {**contents, "SHA256SUMS": sums.encode()}.items():
            entry = ZipInfo(name, (*document.edition.reference_on.timetuple()[:3], 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _contents(document: Document, ambito: str, licence: str) -> Iterator[tuple[str, bytes]]:
    tables = tables_of(document, ambito)
    yield "LEGGIMI.txt", _read_me(document, licence).encode()
    yield "documento.json", json_of(document)
    yield SCHEMA, (files("services.planner.document") / "schemas" / SCHEMA).read_bytes()
    for table in tables:
        yield f"tabelle/{table.name}.csv", written_csv([[field.name for field in table.fields], *table.rows])
    yield "dizionario.csv", dictionary_of(tables)
    if geography := geography_of(document, ambito):
        yield "comuni.geojson", geography
    yield "metadati.jsonld", metadata_of(document, ambito, tables, licence)


def _read_me(document: Document, licence: str) -> str:
    cover, edition = document.cover, document.edition
    return READ_ME.format(
        title=cover.title,
        years=f"{cover.years[0]}-{cover.years[-1]}",
        ambito=cover.ambito,
        version=edition.version,
        status=edition.status,
        day=written_day(edition.reference_on),
        hash=edition.hash,
        synthetic=f"\n{SYNTHETIC}\n" if document.synthetic else "",
        schema=SCHEMA,
        licence=licence,
        attribution=ATTRIBUTION,
    )
