"""The layout in a real browser: accessible, self-contained, whole without JavaScript, alive with it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from shared.pages import (
    Cell,
    Column,
    LiveChange,
    LiveFigure,
    MapLabels,
    NavItem,
    Page,
    SecurityHeaders,
    live_area,
    live_message,
    mount_static,
    municipal_map,
    page_environment,
)
from shared.pages.assets import AssetsMissingError, asset_url, italia_folder
from shared.territory import ambito, boundaries
from tests.support.browser import Visit, chromium, serving, visiting

CREMONESE = ambito("cremonese")
CLASSES = (0, 500, 1_000, 2_000, 5_000)
LABELS = MapLabels("mappa", "Residenti per comune", "I 48 comuni dell’ambito colorati per residenti.", "residente", "residenti")
VALUES = {m.istat_code: m.population for m in CREMONESE.municipalities if m.name != "Volongo"}
TEMPLATE = """
{% extends "base.html" %}
{% from "tables.html" import data_table %}
{% from "figures.html" import figure_tile %}
{% block content %}
<h1>Piano triennale 2027–2029</h1>
<p class="pv-lead">Quadro dell’ambito al {{ reference_on|day }}: 48 comuni, capofila {{ lead }}.</p>
<div class="pv-tiles">
  {{ figure_tile("Residenti nell’ambito", total|number, figure="total", value=total, note="1º gennaio 2023, ISTAT") }}
  {{ figure_tile("Età 75 e oltre", over_75|number, note="1º gennaio 2023, ISTAT") }}
  {{ figure_tile("Comuni", "48 di 48") }}
</div>
<h2>Dove vivono</h2>
{{ map }}
<h2>Comune per comune</h2>
{{ data_table("Residenti per comune al 1º gennaio 2023", columns, rows, total_row) }}
<h2>Ultime variazioni</h2>
<ol id="changes"><li>Nessuna variazione oggi.</li></ol>
{% endblock %}
"""
MESSAGE = live_message(
    {"total": LiveFigure(155_400, "155.400"), "019036": LiveFigure(70_600, "70.600")},
    [live_area("019114", "Volongo", 512, CLASSES, LABELS)],
    [LiveChange("<b>Volongo</b>: dato ricevuto", "oggi, ore 14:05")],
)


def demo_app() -> FastAPI:
    """A page with everything the layout offers, and the stream of one `plan` event it listens to."""
    from datetime import date

    app = FastAPI()
    app.add_middleware(SecurityHeaders)
    mount_static(app)

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        nav = [NavItem("Piano", "/", current=True), NavItem("Comuni", "/#comuni"), NavItem("Scadenze", "/#scadenze")]
        people = CREMONESE.municipalities
        return page_environment().from_string(TEMPLATE).render(
            page=Page("Piano", CREMONESE.name, nav, organisation="Comune di Cremona", live_source="/stream"),
            reference_on=date(2026, 11, 23),
            lead=CREMONESE.lead.name,
            total=sum(m.population for m in people),
            over_75=sum(m.age_75_plus for m in people),
            map=municipal_map(
                boundaries("cremonese"), VALUES, CLASSES, LABELS, selected="019036", link=lambda code: f"/?comune={code}"
            ),
            columns=[Column("Comune"), *(Column(c, "number") for c in ("Residenti", "0–14", "15–64", "65 e oltre"))],
            rows=[
                [Cell(m.name, href=f"/?comune={m.istat_code}"), Cell(m.population, figure=m.istat_code),
                 m.age_0_14, m.age_15_64, m.age_65_plus]
                for m in people
            ],
            total_row=["Ambito", *(sum(getattr(m, f) for m in people)
                                   for f in ("population", "age_0_14", "age_15_64", "age_65_plus"))],
        )  # fmt: skip

    @app.get("/stream")
    def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            yield f"id: 1\nevent: plan\ndata: {MESSAGE}\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(events(), media_type="text/event-stream")

    return app


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(demo_app()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running
