"""What readers that share no code with us find in a PDF: poppler's tools and veraPDF."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.kafka import local

HERE = Path(__file__).parent
PAGE = re.compile(rb"/Type ?/Page\b")


def pages_of(pdf: Path) -> list[str]:
    """The text of each page, in the order in which it is drawn."""
    return _asked("pdftotext", "-raw", str(pdf), "-").split("\f")[:-1]


def tagged_text(pdf: Path) -> str:
    """What a screen reader reads: the text of the structure tree, without heads and feet of pages; slow."""
    lines = _asked("pdfinfo", "-struct-text", str(pdf)).split("\n")
    return "".join(found[1] for line in lines if (found := re.fullmatch(r'\s+"(.*)"', line)))


def bookmarks(pdf: Path) -> list[str]:
    outline = _asked("pdftohtml", "-xml", "-i", "-stdout", str(pdf)).partition("<outline>")[2]
    return re.findall(r"<item[^>]*>(.*?)</item>", outline)


def facts(pdf: Path) -> dict[str, str]:
    """Title, author, creation date, ... as pdfinfo names them."""
    lines = _asked("pdfinfo", "-isodates", str(pdf)).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def alternative_texts(pdf: Path) -> list[str]:
    """Of all pictures, in order: PDF writes them in parentheses or, as UTF-16, in hexadecimal."""
    found = re.findall(rb"/Alt ?(?:\(((?:[^()\\]|\\.|\([^()]*\))*)\)|<FEFF([0-9A-F]*)>)", pdf.read_bytes())
    return [
        re.sub(rb"\\(.)", rb"\1", plain).decode("ascii") if plain else bytes.fromhex(coded.decode()).decode("utf-16-be")
        for plain, coded in found
    ]


def verdict(pdf: Path, flavour: str) -> str:
    """veraPDF's answer: one line that begins with PASS, or FAIL and the rules that are broken."""
    return judged_document("verapdf", flavour, str(pdf))


def judged_document(*command: str) -> str:
    """What a judge of documents says."""
    java = {"JAVA_HOME": str(home)} if (home := local.java_home()) else {}
    judge = [str(HERE / "document-judges.sh"), *command]
    run = subprocess.run(judge, env=os.environ | java, capture_output=True, text=True, timeout=300, check=False)
    return run.stdout or run.stderr


def _asked(tool: str, *arguments: str) -> str:
    program = shutil.which(tool)
    if program is None:
        pytest.fail(f"{tool} is missing: install the package poppler-utils")
    run = subprocess.run([program, *arguments], capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    # pdfinfo prints alternative texts as they are in the file: not in UTF-8.
    return run.stdout.decode("utf-8", errors="replace")
