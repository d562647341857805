"""Pages shared by all services: layout, municipal map, tables, live updates, static files, security headers.

How a service makes a page::

    app.add_middleware(SecurityHeaders)
    mount_static(app)                                     # once per process, on the outermost application
    templates = Jinja2Templates(env=page_environment(Path(__file__).parent / "templates"))
    templates.TemplateResponse(request, "plan.html", {"page": Page("Piano", ambito.name, nav), ...})

``plan.html`` begins with ``{% extends "base.html" %}`` and fills the block ``content`` (its first heading is an
``<h1>``); further blocks are ``breadcrumb`` and ``scripts``. The content security policy forbids inline
scripts and styles: no ``style=`` and no ``<script>`` with a body. Everything is escaped; an undefined variable raises.

- ``{% from "tables.html" import data_table %}`` then ``data_table(caption, columns, rows, total=none, flags={})`` with
  `Column`; a cell is a plain value or a `Cell` (link, live figure, note). The first cell of a row is its header.
  A `Flag` stands below every cell that leads to its address.
- ``{% from "figures.html" import figure_tile %}`` for a headline figure; put tiles in ``<div class="pv-tiles">``.
- `municipal_map(boundaries(code), values, classes, labels)` gives the finished `<figure>`; pass it as a variable.
- Filters: ``number``, ``thousandths``, ``band``, ``span``, ``percent``, ``day``, ``moment`` (see `formats`);
  ``asset("svg/sprites.svg")`` is the address of a static file.
- Live pages: `Page(live_source=...)` names a stream whose ``plan`` events carry `live_message(...)`. Elements with
  ``data-figure="ID"`` and ``data-value="INTEGER"`` are replaced, maps recoloured, ``<ol id="changes">`` grows on top,
  a list with ``data-list="ID"`` is written anew. Where an event is `AGAIN`, the page asks for itself again, and figures
  are replaced by those of the same ID, without page, view or words of its own.
- A form that changes something: ``<form method="post" action="...">{{ form_token() }}``; its route names an operation
  of ``shared/roles/operations.yaml`` (``operation_id="hold_place"``) and takes `Who` and `Fields`. Whoever may not, or
  comes without the form's token, never gets as far as the handler; ``{% if may("hold_place") %}`` hides the form.
- bootstrap-italia's form labels float by script: give a label the class ``active`` (or use ``form-label``).
"""

from shared.pages.assets import AssetsMissingError, asset_url, mount_static
from shared.pages.environment import page_environment
from shared.pages.language import Spoken, carried, say, speak, speaking, spoken
from shared.pages.layout import Cell, Column, Flag, NavItem, Page
from shared.pages.live import AGAIN, LiveArea, LiveChange, LiveFigure, live_area, live_message
from shared.pages.municipal_map import MapLabels, map_class, municipal_map
from shared.pages.problem_page import problem_page
from shared.pages.security import SecurityHeaders

__all__ = [
    "AGAIN",
    "AssetsMissingError",
    "Cell",
    "Column",
    "Flag",
    "LiveArea",
    "LiveChange",
    "LiveFigure",
    "MapLabels",
    "NavItem",
    "Page",
    "SecurityHeaders",
    "Spoken",
    "asset_url",
    "carried",
    "live_area",
    "live_message",
    "map_class",
    "mount_static",
    "municipal_map",
    "page_environment",
    "problem_page",
    "say",
    "speak",
    "speaking",
    "spoken",
]
