"""Metadata of the package in the Italian profile of DCAT (DCAT-AP_IT), as JSON-LD."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from services.planner.document.model import Document
from services.planner.document.package.tables import DataTable

AUTHORITY: Final = "http://publications.europa.eu/resource/authority"
CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatapit": "http://dati.gov.it/onto/dcatapit#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
DESCRIPTION: Final = (
    "Le sette parti del piano triennale (R.R. 4/2017, art. 3) e i suoi allegati come dati: fabbisogno, patrimonio, "
    "offerta prevista, alienazioni, emergenza abitativa, misure per l’accesso. Le famiglie sono a multipli di "
    "cinque; i numeri che ne contano meno non sono pubblicati."
)
SYNTHETIC: Final = " Dati sintetici: non descrivono alcun alloggio, ente o persona reale."


def metadata_of(document: Document, ambito: str, tables: Iterable[DataTable], licence: str) -> bytes:
    """A dataset and its distributions; addresses are those within the package."""
    cover, edition = document.cover, document.edition
    lead = {
        "@type": ["dcatapit:Agent", "foaf:Agent"],
        "dct:identifier": f"capofila-{ambito}",
        "foaf:name": _italian(cover.lead),
    }
    dataset = {
        "@context": CONTEXT,
        "@id": f"urn:pianovivo:plan:{ambito}:{edition.hash}",
        "@type": ["dcatapit:Dataset", "dcat:Dataset"],
        "dct:identifier": f"{ambito}:{edition.hash}",
        "dct:title": _italian(f"{cover.title} {cover.years[0]}-{cover.years[-1]}, {cover.ambito}"),
        "dct:description": _italian(DESCRIPTION + (SYNTHETIC if document.synthetic else "")),
        "dct:modified": {"@type": "xsd:date", "@value": edition.reference_on.isoformat()},
        "dct:temporal": {
            "@type": ["dcatapit:PeriodOfTime", "dct:PeriodOfTime"],
            "dcatapit:startDate": {"@type": "xsd:date", "@value": f"{cover.years[0]}-01-01"},
            "dcatapit:endDate": {"@type": "xsd:date", "@value": f"{cover.years[-1]}-12-31"},
        },
        "dct:accrualPeriodicity": {"@id": f"{AUTHORITY}/frequency/CONT"},
        "dct:language": {"@id": f"{AUTHORITY}/language/ITA"},
        "dcat:theme": {"@id": f"{AUTHORITY}/data-theme/SOCI"},
        "dct:rightsHolder": lead,
        "dct:publisher": lead,
        "dct:isVersionOf": {"@id": f"urn:pianovivo:plan:{ambito}"},
        "dcat:distribution": list(_distributions(tables, licence)),
    }
    return orjson.dumps(dataset, option=orjson.OPT_INDENT_2)


def _distributions(tables: Iterable[DataTable], licence: str) -> Iterator[dict[str, Any]]:
    files = [
        ("documento.json", "Il documento intero", "JSON"),
        *((f"tabelle/{table.name}.csv", table.title, "CSV") for table in tables),
        ("comuni.geojson", "I comuni con i loro numeri", "GEOJSON"),
    ]
    for address, title, format_ in files:
        yield {
            "@id": address,
            "@type": ["dcatapit:Distribution", "dcat:Distribution"],
            "dct:title": _italian(title),
            "dct:format": {"@id": f"{AUTHORITY}/file-type/{format_}"},
            "dct:license": {"@id": licence},
            "dcat:accessURL": {"@id": address},
        }


def _italian(text: str) -> dict[str, str]:
    return {"@language": "it", "@value": text}
