"""`pianovivo planner verify` on copies of a document that a planner has handed out, true ones and forged ones."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.planner.cli import app
from services.planner.document.canonical import json_of, read_document, sealed
from services.planner.document.model import Document
from tests.component.planner.test_document_api import FORMATS, answer
from tests.support.forgery import with_one_byte_flipped, with_one_byte_of_text_changed
from tests.support.planner import planner_serving, synthetic
from tests.support.public_pages import home_with_key
from tests.support.world import AMBITO

PDF, JSON, _ = FORMATS


class HandedOut(NamedTuple):
    home: Path
    document: Document
    json: Path
    pdf: Path
    page: Path


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> HandedOut:
    """What a planner has served, and its folder after it has ended."""
    home, copies = home_with_key(tmp_path_factory.mktemp("planner")), tmp_path_factory.mktemp("copie")
    with planner_serving(home) as served:
        served.hear(*synthetic().past)
        data, pdf = answer(served, JSON).content, answer(served, PDF).content
        page = httpx.get(f"{served.url}/ambiti/{AMBITO}/stampa", timeout=120).content
    (copies / "piano.json").write_bytes(data)
    (copies / "piano.pdf").write_bytes(pdf)
    (copies / "piano.html").write_bytes(page)
    return HandedOut(home, read_document(data), *(copies / f"piano.{kind}" for kind in ("json", "pdf", "html")))


def verify(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)], env={"PIANOVIVO_HOME": str(home)})


@pytest.mark.parametrize("copy", ["json", "pdf", "page"])
def test_a_true_copy_is_the_document_and_the_log_is_what_it_was_made_of(handed_out: HandedOut, copy: str) -> None:
    told = verify(handed_out.home, getattr(handed_out, copy))
    edition = handed_out.document.edition
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        f"is version {edition.version} of Ambito territoriale Cremonese, {edition.reference_on}, {edition.hash}",
        f"  made of the first {len(synthetic().past)} events of the log, unchanged since",
    ]


def test_a_number_changed_in_the_json_is_named_by_its_cell(handed_out: HandedOut, tmp_path: Path) -> None:
    held = json.loads(handed_out.json.read_bytes())
    need = held["parts"][2]["sections"][1]["blocks"][0]
    row = next(row for row in need["rows"] if row[0]["value"] == "Soresina")
    was = row[1]["value"]
    row[1]["value"] += 1000
    forged = tmp_path / "piano.json"
    forged.write_text(json.dumps(held))
    told = verify(handed_out.home, forged)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1] == (
        "  Parte 3. Fabbisogno abitativo primario, «Comune per comune», tabella 5 «Fabbisogno del triennio, comune per "
        f"comune», riga «Soresina», colonna «Famiglie nel triennio»: published '{was}', presented '{was + 1000}'"
    )


def test_one_byte_of_a_saved_page_is_named_by_its_cell(handed_out: HandedOut, tmp_path: Path) -> None:
    page = handed_out.page.read_bytes()
    soresina = page.index(b"<th scope=row>Soresina</th>", page.index(b'id="tabella-5"'))
    cell = re.compile(rb'<td class="pd-number">([^<]+)</td>').search(page, soresina)
    assert cell
    forged = tmp_path / "piano.html"
    forged.write_bytes(with_one_byte_flipped(page, cell.start(1)))
    told = verify(handed_out.home, forged)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1].startswith(
        "  Parte 3. Fabbisogno abitativo primario, «Comune per comune», tabella 5 «Fabbisogno del triennio, comune per "
        f"comune», riga «Soresina», colonna «Famiglie nel triennio»: published '{cell[1].decode()}', presented '"
    )


def test_a_forger_who_seals_again_is_found_by_what_was_handed_out(handed_out: HandedOut, tmp_path: Path) -> None:
    """The hash fits the forged content, but no document was handed out with it; the published JSON tells the rest."""
    other = sealed(read_document(handed_out.json.read_bytes().replace(b"Soresina", b"Sorrento")))
    forged = tmp_path / "piano.json"
    forged.write_bytes(json_of(other))
    assert (alone := verify(handed_out.home, forged)).exit_code == 2
    assert "has handed out no document" in alone.stderr
    told = verify(tmp_path, forged, "--against", handed_out.json, "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert found["same"] is False
    assert {("Soresina" in one["published"], "Sorrento" in one["presented"]) for one in found["discrepancies"]} >= {
        (True, True)
    }


def test_a_hash_changed_in_the_json_is_found_by_its_content(handed_out: HandedOut, tmp_path: Path) -> None:
    digest = handed_out.document.edition.hash
    forged = tmp_path / "piano.json"
    forged.write_bytes(handed_out.json.read_bytes().replace(digest.encode(), b"0" * 64))
    told = verify(handed_out.home, forged)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1:2] == [f"  edition/hash: published '{digest}', presented '{'0' * 64}'"]


def test_one_byte_of_the_pdfs_text_is_named_by_page_and_cell(handed_out: HandedOut, tmp_path: Path) -> None:
    forged = tmp_path / "piano.pdf"
    forged.write_bytes(with_one_byte_of_text_changed(handed_out.pdf.read_bytes(), 8, 100))
    told = verify(handed_out.home, forged)
    assert told.exit_code == 1
    _, difference, log = told.stdout.splitlines()
    assert difference.startswith("  pagina 8, Parte 1. Quadro conoscitivo, «La popolazione», tabella 3 «")
    assert "unchanged since" in log


def test_a_log_that_was_changed_afterwards_is_noticed(handed_out: HandedOut, tmp_path: Path) -> None:
    """By somebody who owns the file and takes the guard away."""
    home = shutil.copytree(handed_out.home, tmp_path / "planner")
    with sqlite3.connect(home / "planner.db") as held:
        held.execute("DROP TRIGGER plan_journal_no_update")
        held.execute("UPDATE plan_journal SET subject = 'altro' WHERE revision = 1 AND place = 0")
    told = verify(home, handed_out.json)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1].startswith("  the event log of today has no link ")


def test_what_cannot_be_verified_is_said_in_a_sentence(handed_out: HandedOut, tmp_path: Path) -> None:
    nothing = tmp_path / "niente.txt"
    nothing.write_text("niente")
    for told, why in (
        (verify(tmp_path, handed_out.json), "no planner has run in"),
        (verify(handed_out.home, nothing), "has handed out no document"),
        (verify(tmp_path, handed_out.json, "--against", nothing), "is not the JSON of a document"),
    ):
        assert told.exit_code == 2
        assert why in told.stderr
    unsealed = tmp_path / "piano.json"
    unsealed.write_bytes(handed_out.json.read_bytes().replace(b"Soresina", b"Sorrento"))
    assert "does not have the hash" in verify(tmp_path, handed_out.json, "--against", unsealed).stderr
