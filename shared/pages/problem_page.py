"""A problem as a page of the house, whole without JavaScript, with the way back."""

from functools import partial

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from shared.pages.environment import page_environment
from shared.pages.layout import Page
from shared.problem_texts import Language
from shared.problems import Problem, ProblemPage
from shared.territory import ambito, members_of


def problem_page(home: str, ambito_code: str) -> ProblemPage:
    """Pages of a service whose own begin at `home`."""
    name = ambito_code if members_of(ambito_code) is None else ambito(ambito_code).name
    return partial(_write, home, name)


def _write(home: str, ambito_name: str, request: Request, problem: Problem, language: Language) -> Response:
    told = problem.document(language)
    page = Page(problem.title.read_in(language), ambito_name, home=home, language=language)
    content = {"page": page, "problem": told, "errors": told.get("errors", ()), "instance": told.get("instance")}
    return Jinja2Templates(env=page_environment()).TemplateResponse(request, "problem.html", content, problem.status)
