"""Jinja environment of all pages: escapes everything, refuses an unknown variable instead of printing nothing."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.pages import formats, language
from shared.pages.assets import asset_url
from shared.pages.layout import as_cell
from shared.territory import ATTRIBUTION

_TEMPLATES = Path(__file__).parent / "templates"


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
    environment.filters.update(carried=language.carried)
    environment.globals.update(
        asset=asset_url,
        attribution=ATTRIBUTION,
        say=language.say,
        spoken=language.spoken,
        switched=language.switched,
    )
    return environment
