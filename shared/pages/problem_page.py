"""A problem as a page of the house, whole without JavaScript, with the way back."""

from functools import partial

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.pages.environment import page_environment
from shared.pages.language import asked_of, speaking
from shared.pages.layout import Page
from shared.problems import Problem, ProblemPage
from shared.territory import ambito, members_of


def problem_page(home: str, ambito_code: str) -> ProblemPage:
    """Pages of a service whose own begin at `home`."""
    name = ambito_code if members_of(ambito_code) is None else ambito(ambito_code).name
    return partial(_write, home, name)


def _write(home: str, ambito_name: str, request: Request, problem: Problem) -> Response:
    spoken = asked_of(request)
    told = problem.document(spoken.language)
    page = Page(problem.title.read_in(spoken.language), ambito_name, home=home)
    content = {"page": page, "problem": told, "errors": told.get("errors", ()), "instance": told.get("instance")}
    headers = {**problem.headers, "Content-Language": spoken.language, "Vary": "Accept, Accept-Language"}
    templates = Jinja2Templates(env=page_environment())
    with speaking(spoken):
        return templates.TemplateResponse(request, "problem.html", content, problem.status, headers)
