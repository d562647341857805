"""A problem as a page of the house, whole without JavaScript, with the way back."""

from functools import partial
from typing import Final

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.pages.environment import page_environment
from shared.pages.language import asked_of, speaking
from shared.pages.layout import Page
from shared.problems import Problem, ProblemPage, Text, of_status
from shared.territory import ambito, members_of

_NO_PAGE: Final = Text(
    "A questo indirizzo non c’è alcuna pagina: può esservi un errore di scrittura.",
    "There is no page at this address: it may be misspelt.",
)
"""An address that no page can have is no fault of a form, and its pattern helps nobody who reads."""


def problem_page(home: str, ambito_code: str) -> ProblemPage:
    """Pages of a service whose own begin at `home`."""
    name = ambito_code if members_of(ambito_code) is None else ambito(ambito_code).name
    return partial(_write, home, name)


def _write(home: str, ambito_name: str, request: Request, problem: Problem) -> Response:
    spoken = asked_of(request)
    if problem.errors and all(error.field.startswith("/path/") for error in problem.errors):
        problem = of_status(404, _NO_PAGE)
    told = problem.document(spoken.language)
    page = Page(problem.title.read_in(spoken.language), ambito_name, home=home)
    content = {"page": page, "problem": told, "errors": told.get("errors", ()), "instance": told.get("instance")}
    headers = {**problem.headers, "Content-Language": spoken.language, "Vary": "Accept, Accept-Language"}
    templates = Jinja2Templates(env=page_environment())
    with speaking(spoken):
        return templates.TemplateResponse(request, "problem.html", content, problem.status, headers)
