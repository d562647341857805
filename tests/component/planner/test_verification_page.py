"""A page verifies copies and hashes: what is authentic, what differs and where, and who is told of which document."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader, PdfWriter

import shared.uploads
from services.planner.document.canonical import json_of, read_document, sealed
from services.planner.document.examiner import FileKind, kind_of
from services.planner.document.web import page_of
from services.planner.tables import DocumentRow
from shared.uploads import AT_ONCE, MAX_UPLOAD_BYTES
from tests.support.editions import TO_PUBLICATION, document_of, nil_rows, proposed, taken, walked
from tests.support.forgery import with_one_byte_flipped
from tests.support.planner_room import LEAD, TOWN, Room, registry_of, standing
from tests.unit.planner.worlds import AMBITO

HERE = "/verifica-documento"
PLAN, PRINT = f"/plans/{AMBITO}/document", f"/ambiti/{AMBITO}/stampa"
NO_PUBLIC = "nessun documento pubblico del piano"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """Every row of the cycle is there."""
    async with standing(tmp_path, [*registry_of(2, set_aside=False).sent, *nil_rows()]) as room:
        yield room


class Visitor:
    """A browser without JavaScript, of somebody who has signed in nowhere or, as an office, by a token."""

    def __init__(self, room: Room, office: httpx.AsyncClient | None = None) -> None:
        transport = httpx.ASGITransport(room.app)
        self.client = office or httpx.AsyncClient(transport=transport, base_url="http://piano.test", timeout=300)

    async def hands_in(self, content: bytes, name: str = "copia") -> httpx.Response:
        form = await self.client.get(HERE)
        found = re.search(r'name="form_token" value="([^"]+)"', form.text)
        assert found
        return await self.client.post(HERE, data={"form_token": found[1]}, files={"file": (name, content)})

    async def looks_up(self, digest: str) -> httpx.Response:
        return await self.client.get(HERE, params={"impronta": digest})


def told(answer: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text.partition('id="esito"')[2].partition("<form")[0]).split())


async def live(room: Room, accept: str = "application/json") -> bytes:
    async with room.client(LEAD) as client:
        return (await client.get(PLAN, headers={"accept": accept})).content


@pytest.mark.parametrize("kind", ["application/pdf", "application/json", "text/html"])
async def test_a_true_copy_of_the_live_plan_is_authentic(room: Room, kind: str) -> None:
    visitor = Visitor(room)
    if kind == "text/html":
        content = (await visitor.client.get(PRINT)).content
    else:
        content = await live(room, kind)
    answer = await visitor.hands_in(content)
    assert answer.status_code == 200
    assert "Autentico." in told(answer)
    assert "bozza, non approvato" in told(answer)


async def test_a_published_edition_is_told_with_its_approval_and_its_way_to_it(room: Room) -> None:
    await proposed(room)
    before = await document_of(room, accept="application/pdf")
    edition = await walked(room, *TO_PUBLICATION)
    visitor = Visitor(room)
    for content in (before, await document_of(room), page_of(read_document(await document_of(room)))):
        answer = await visitor.hands_in(content)
        assert "Autentico." in told(answer)
        assert "Edizione 1" in told(answer)
        assert "Stato dell’edizione oggi approvato e pubblicato" in told(answer)
        assert "L’Assemblea dei Sindaci ha approvato il Piano 2026–2028 il" in told(answer)
    address = f"/ambiti/{AMBITO}/edizioni/1/stampa?triennio=2026"
    assert f'href="{address}"' in answer.text
    page = await visitor.client.get(address)
    assert edition["document_hash"] in page.text
    looked = await visitor.looks_up(f" {edition['document_hash'][:32].upper()} {edition['document_hash'][32:]} ")
    assert looked.status_code == 200
    assert "L’impronta è di questo documento." in told(looked)


async def test_what_is_not_published_is_told_to_the_offices_of_the_ambito_alone(room: Room) -> None:
    """Neither by its hash, nor to who makes a file that claims to be it, nor as a page."""
    edition = await proposed(room)
    digest, page = edition["document_hash"], f"/ambiti/{AMBITO}/edizioni/1/stampa"
    claim = b'<html><meta name="document-hash" content="%s"></html>' % digest.encode()
    public, elsewhere = Visitor(room), Visitor(room, room.client(TOWN, "altrove"))
    for stranger in (public, elsewhere):
        assert (await stranger.looks_up(digest)).status_code == 404
    assert (await public.client.get(page)).headers["location"].startswith("/sign-in")
    assert (await elsewhere.client.get(page)).status_code == 404
    refused = await public.hands_in(claim)
    assert refused.status_code == 422
    assert NO_PUBLIC in told(refused)
    town = Visitor(room, room.client(TOWN))
    assert (await town.looks_up(digest)).status_code == 200
    assert digest in (await town.client.get(page)).text
    assert "Autentico." in told(await town.hands_in(await document_of(room)))
    await taken(room, "SUBMITTED_TO_ASSEMBLY")
    returned = (await taken(room, "RETURNED"))["document_hash"]
    await proposed(room)
    edition = await walked(room, *TO_PUBLICATION)
    assert (await public.looks_up(edition["document_hash"])).status_code == 200
    assert (await public.looks_up(returned)).status_code == 404
    assert (await town.looks_up(returned)).status_code == 200


async def test_what_differs_is_told_with_its_place(room: Room) -> None:
    visitor = Visitor(room)
    page = (await visitor.client.get(PRINT)).content
    place = page.index(b'<h2 id="capitolo-1">') + len(b'<h2 id="capitolo-1">')
    answer = await visitor.hands_in(with_one_byte_flipped(page, place))
    assert answer.status_code == 200
    assert "Non è il documento consegnato." in told(answer)
    assert "1. Quadro normativo" not in told(answer)
    assert "Consegnato Quadro normativo Nel file Puadro normativo" in told(answer)


async def test_a_forger_who_seals_again_is_not_known(room: Room) -> None:
    forged = sealed(read_document((await live(room)).replace(b"Soresina", b"Sorrento")))
    answer = await Visitor(room).hands_in(json_of(forged))
    assert answer.status_code == 422
    assert NO_PUBLIC in told(answer)


def encrypted(pdf: bytes) -> bytes:
    writer, out = PdfWriter(clone_from=PdfReader(BytesIO(pdf))), BytesIO()
    writer.encrypt("segreta", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\x01\x02" * 1000, "Non è un PDF, una pagina salvata né un file JSON"),
        (b"PK\x03\x04 package", "estrarre il file documento.json"),
        (b'{"hash": "no"', NO_PUBLIC),
        (b"%PDF-1.7 nothing else", NO_PUBLIC),
        (b"<!doctype html><html>" + b"<div>" * 100_000, NO_PUBLIC),
        (b"[" * 100_000, "Non è un PDF, una pagina salvata né un file JSON"),
        (b'{"a":' * 100_000, NO_PUBLIC),
    ],
)
async def test_what_cannot_be_a_copy_is_said_in_a_sentence(room: Room, content: bytes, said: str) -> None:
    answer = await Visitor(room).hands_in(content)
    assert answer.status_code == 422
    assert said in told(answer)


async def test_an_encrypted_pdf_is_called_so(room: Room) -> None:
    answer = await Visitor(room).hands_in(encrypted(await live(room, "application/pdf")))
    assert "protetto da una password" in told(answer)


async def test_a_file_that_is_too_large_is_refused_and_heard_no_further_than_needed(room: Room) -> None:
    answer = await Visitor(room).hands_in(b"x" * (MAX_UPLOAD_BYTES + 1))
    assert answer.status_code == 413
    assert "20 MB" in answer.text


async def test_nothing_that_is_handed_in_is_kept(room: Room, tmp_path: Path) -> None:
    mark = b"7b1c4e-segno-di-chi-consegna"
    await Visitor(room).client.get(PRINT)
    before = await room.rows(DocumentRow)
    await Visitor(room).hands_in((await live(room)).replace(b"Soresina", mark))
    await Visitor(room).hands_in(b"%PDF-1.7 " + mark)
    assert await room.rows(DocumentRow) == before
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and mark in path.read_bytes()]


async def test_a_file_comes_with_our_form_or_not_at_all(room: Room) -> None:
    client = Visitor(room).client
    await client.get(HERE)
    refused = await client.post(HERE, data={"form_token": "x"}, files={"file": ("copia", b"{}")})
    assert (refused.status_code, "modulo non è più valido" in refused.text) == (403, True)
    elsewhere = await client.post("/sign-in", data={"name": "x"}, files={"file": ("copia", b"{}")})
    assert elsewhere.status_code == 403


async def test_few_files_arrive_at_the_same_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.uploads, "_arriving", set(range(AT_ONCE)))
    refused = await Visitor(room).hands_in(b"{}")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "20")


@pytest.mark.parametrize(("asked", "status"), [("abc", 422), ("0" * 64, 404), ("", 200), ("z" * 64, 422)])
async def test_a_hash_is_looked_up(room: Room, asked: str, status: int) -> None:
    assert (await Visitor(room).looks_up(asked)).status_code == status


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", FileKind.PDF),
        (b"%PDF-1.7 /Encrypt 5 0 R", FileKind.ENCRYPTED_PDF),
        (b"<!DOCTYPE html>\n<HTML>", FileKind.PAGE),
        (b' \n{"a":1}', FileKind.JSON),
        (b"PK\x03\x04", FileKind.ARCHIVE),
        (b"ciao", FileKind.OTHER),
        (b"", FileKind.OTHER),
    ],
)
def test_the_sort_of_a_file(content: bytes, kind: FileKind) -> None:
    assert kind_of(content) == kind
