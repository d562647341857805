"""Jinja environment of all pages: escapes everything, refuses an unknown variable instead of printing nothing."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from shared.forms import TOKEN_FIELD, form_token, sign_in_address
from shared.pages import formats, language
from shared.pages.assets import asset_url
from shared.pages.elsewhere import first_pages
from shared.pages.layout import NavItem, as_cell
from shared.roles import Reach, reach_of
from shared.territory import ATTRIBUTION, organisation_name

_TEMPLATES = Path(__file__).parent / "templates"


@pass_context
def _carried(_context: Context, href: str) -> str:
    """Without a context Jinja would work it out for a constant address once, for the language of its first reader."""
    return language.carried(href)


@pass_context
def _form_token(context: Context) -> Markup:
    """The hidden field of a form that changes something."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, form_token(context["request"]))


@pass_context
def _visitor(context: Context) -> str | None:
    """The organisation of who has signed in with this browser."""
    session = getattr(context["request"].state, "session", None)
    return organisation_name(session.principal.ambito, session.principal.organisation) if session else None


@pass_context
def _sign_in_at(context: Context) -> str | None:
    """Where to sign in, to come back to this page; None on the page where one does, and where nobody can."""
    request = context["request"]
    has_people = getattr(request.app.state, "people", None) is not None
    return sign_in_address(request) if has_people and not request.url.path.startswith("/sign-in") else None


@pass_context
def _elsewhere(context: Context) -> Iterator[NavItem]:
    """The other services' pages, for who has signed in."""
    request = context["request"]
    session = getattr(request.state, "session", None)
    if session is not None:
        runtime = request.app.state.runtime
        yield from first_pages(runtime.settings, runtime.name, session.principal.role)


@pass_context
def _installation_notice(context: Context) -> str:
    """What the installation tells whoever reads any of its pages."""
    return str(context["request"].app.state.runtime.settings.notice)


@pass_context
def _may(context: Context, operation: str) -> bool:
    """Whether who reads the page may do something: for the forms and links that it shows."""
    who = getattr(context["request"].state, "who", None)
    return reach_of(operation, who.role if who else None) is not Reach.NONE


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
        elsewhere=_elsewhere,
        form_token=_form_token,
        installation_notice=_installation_notice,
        may=_may,
        sign_in_at=_sign_in_at,
        visitor=_visitor,
        attribution=ATTRIBUTION,
        say=language.say,
        spoken=language.spoken,
        switched=language.switched,
    )
    return environment
