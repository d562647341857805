"""Jinja environment of all pages: escapes everything, refuses an unknown variable instead of printing nothing."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from shared.pages import formats, language
from shared.pages.assets import asset_url
from shared.pages.layout import as_cell
from shared.territory import ATTRIBUTION

_TEMPLATES = Path(__file__).parent / "templates"


@pass_context
def _carried(_context: Context, href: str) -> str:
    """Without a context Jinja would work it out for a constant address once, for the language of its first reader."""
    return language.carried(href)


@cache
def page_environment(*folders: Path) -> Environment:
    """Environment that looks for a template in `folders` (a service's own) and then among the shared ones."""
    environment = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.FILTERS, written=formats.written, as_cell=as_cell)
    environment.filters.update(carried=_carried)
    environment.globals.update(
        asset=asset_url,
        attribution=ATTRIBUTION,
        say=language.say,
        spoken=language.spoken,
        switched=language.switched,
    )
    return environment
