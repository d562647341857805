"""`python -m deploy.roles_table` writes `docs/roles.md` from `shared/roles/operations.yaml` and the routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi.routing import iter_route_contexts

from deploy.services import SERVICES
from shared.roles import EVERY_SERVICE, TITLES, Reach, Section, sections

PATH = Path(__file__).parents[1] / "docs" / "roles.md"
COMMAND = "python -m deploy.roles_table"
HEAD = f"""# Who may do what

Written by `{COMMAND}` from `shared/roles/operations.yaml`, which the code decides by: a role that a row does not name
may not, and a route that is in no row keeps its service from starting.
**all**: on everybody’s data of the ambito; **own**: on its own, as each section says; –: not at all.
An organisation and its role come from its access token, from the person’s account, or from the OpenID provider.

| role | in tokens | |
|---|---|---|
"""
SIGNS = {Reach.ALL: "**all**", Reach.OWN: "own", Reach.NONE: "–"}


def text() -> str:
    """The whole page."""
    roles = "".join(f"| {title.en} | {f'`{role}`' if role else '–'} | {title.it} |\n" for role, title in TITLES.items())
    return HEAD + roles + "".join(_section(name, section) for name, section in sections().items())


def _section(name: str, section: Section) -> str:
    columns = [role.replace("_", " ").lower() if role else "public" for role in TITLES]
    head = f"\n## {name.capitalize()}\n\nOwn: {section.own}\n\n| operation | where | {' | '.join(columns)} |\n"
    rows = []
    for operation, rule in section.operations.items():
        signs = " | ".join(SIGNS[rule.reach(role)] for role in TITLES)
        rows.append(f"| `{operation}` | {'<br>'.join(doors()[name, operation])} | {signs} |\n")
    return f"{head}|---|---|{'---|' * len(columns)}\n" + "".join(rows)


@cache
def doors() -> Mapping[tuple[str, str], list[str]]:
    """Methods and paths of each service's operations."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with TemporaryDirectory() as home:
        routes = [(one.name, one.application(one.settings(home=Path(home))).routes) for one in SERVICES]
    for service, served in routes:
        for route in iter_route_contexts(served):
            operation = getattr(route, "operation_id", None)
            section = EVERY_SERVICE if operation in sections()[EVERY_SERVICE].operations else service
            door = f"`{'/'.join(sorted(route.methods or ()))} {route.path}`"
            if operation and door not in found[section, operation]:
                found[section, operation].append(door)
    return found


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
