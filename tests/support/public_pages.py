"""The public pages of a planner that knows the whole synthetic world, and what the API answers beside them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from shared.auth import Role, issue, new_key, public_jwks
from tests.support.planner import Served
from tests.support.world import AMBITO

PLAN = f"/ambiti/{AMBITO}"
NOTICE = "Dati di prova: nessun alloggio è reale."
KEY = new_key("test")


def home_with_key(folder: Path) -> Path:
    (folder / "keys").mkdir()
    (folder / "keys" / "jwks.json").write_text(json.dumps(public_jwks([KEY])))
    return folder


def asked(planner: Served, path: str, **headers: str) -> Any:
    """What the API answers the region, which sees no small counts of households."""
    now = datetime.now(UTC)
    who = "regione-lombardia", Role.REGION, AMBITO
    token = issue(KEY, *who, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    headers = {"authorization": f"Bearer {token}", "accept": "application/json", **headers}
    answer = httpx.get(planner.url + path, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(planner: Served, path: str, document: dict[str, Any]) -> Any:
    now = datetime.now(UTC)
    who = "regione-lombardia", Role.REGION, AMBITO
    token = issue(KEY, *who, "pianovivo", "pianovivo-local", now, timedelta(hours=1), "x")
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.post(planner.url + path, json=document, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def page(planner: Served, path: str) -> str:
    answer = httpx.get(planner.url + PLAN + path, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.text


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("&#39;", "'").replace("&nbsp;", " ").split())


def rows_of(html: str, caption: str) -> list[list[str]]:
    """The cells of the table with that caption, row by row."""
    tables = re.findall(r"<table.*?</table>", html, re.DOTALL)
    table = next(one for one in tables if f"<span>{caption}</span>" in one)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def signed(text: str) -> int:
    """`+8,3` as tenths; what is almost nothing is none."""
    return 0 if text == "quasi 0" else int(text.replace("−", "-").replace(".", "").replace(",", "").replace("+", ""))
