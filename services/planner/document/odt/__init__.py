"""The document as OpenDocument text, for offices that paste from it into their acts; the same bytes each time.

The words are the PDF's; its looks are plain, since they are made to be changed.
"""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO
from string import Template
from typing import Final
from xml.sax.saxutils import escape
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from services.planner.document.model import Document
from services.planner.document.odt.content import content_of, drawings_of
from services.planner.document.writing import printable

MIME: Final = "application/vnd.oasis.opendocument.text"
MANIFEST: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
 <manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{mime}"/>
{entries}
</manifest:manifest>
"""
ENTRY: Final = ' <manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'


def odt_of(document: Document) -> bytes:
    """Dated on its reference day; not compressed: other versions of a compressor write other bytes."""
    said = _said(document)
    held = {
        "content.xml": content_of(document),
        "styles.xml": _filled("styles.xml", said),
        "meta.xml": _filled("meta.xml", said),
        **{name: svg.encode() for name, svg in drawings_of(document)},
    }
    kinds = [(name, "image/svg+xml" if name.endswith(".svg") else "text/xml") for name in held]
    manifest = MANIFEST.format(mime=MIME, entries="\n".join(ENTRY.format(*kind) for kind in kinds))
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        # First and bare, so that anybody can tell the format from the first bytes (OpenDocument 1.3, part 2, 3.3).
        for name, content in {"mimetype": MIME.encode(), **held, "META-INF/manifest.xml": manifest.encode()}.items():
            entry = ZipInfo(name, (*document.edition.reference_on.timetuple()[:3], 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _said(document: Document) -> dict[str, str]:
    cover, edition = document.cover, document.edition
    return {
        "title": f"{cover.title} {cover.years[0]}–{cover.years[-1]}, {cover.ambito}",
        "lead": cover.lead,
        "edition": f"{cover.ambito} · versione {edition.version} · {edition.status}",
        "synthetic": "Dati sintetici: nessun alloggio, ente o persona reale" if document.synthetic else "",
        "hash": edition.hash,
        "day": f"{edition.reference_on.isoformat()}T00:00:00",
    }


def _filled(name: str, said: dict[str, str]) -> bytes:
    template = Template((files("services.planner.document.odt") / name).read_text("utf-8"))
    return template.substitute({key: escape(printable(text)) for key, text in said.items()}).encode()
