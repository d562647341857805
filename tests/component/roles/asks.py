"""A request for a door, and those for the doors of contests and comments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Ids = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """One request; of a listing, what it shows of theirs."""

    door: str
    path: str
    json: Any = None
    shows: str | None = None
    accept: str = "*/*"
    form: Any = None
    """What a page's form holds; it is sent with its token, as a browser sends it that has signed in nowhere."""


def discussion_asks(plan: str, pages: str, ids: Ids) -> list[Ask]:
    """Contests and comments, over HTTP and by the forms of the pages."""
    contests, comments, why = f"{plan}/contests", f"{plan}/comments", {"reason": "riscontrato"}
    case, thread = ids["contest"], ids["thread"]
    new = {"figure": ids["figure"], "owner": ids["asker"], **why}
    place, text = {"place": "019036:-:free_assignable:-"}, {"text": "Chiarito."}
    forms = (("risposta", "answer"), ("conferma", "confirm"), ("ritiro", "withdraw"))
    return [
        Ask("GET /plans/{ambito}/contests", contests),
        Ask("GET /plans/{ambito}/contests/{contest_id}", f"{contests}/{case}"),
        Ask("POST /plans/{ambito}/contests", contests, new),
        *(
            Ask(f"POST /plans/{{ambito}}/contests/{{contest_id}}/{step}", f"{contests}/{case}/{step}", why)
            for _, step in forms
        ),
        Ask("GET /plans/{ambito}/comments", comments),
        Ask("POST /plans/{ambito}/comments", comments, place | text),
        Ask("POST /plans/{ambito}/comments/{thread}/resolve", f"{comments}/{thread}/resolve", text),
        Ask("GET /ambiti/{ambito_code}/contestazioni", f"{pages}/contestazioni"),
        Ask("POST /ambiti/{ambito_code}/contestazioni", f"{pages}/contestazioni", form=new),
        *(
            Ask(
                f"POST /ambiti/{{ambito_code}}/contestazioni/{{contest_id}}/{path}",
                f"{pages}/contestazioni/{case}/{path}",
                form=why,
            )
            for path, _ in forms
        ),
        Ask("GET /ambiti/{ambito_code}/commenti", f"{pages}/commenti"),
        Ask("POST /ambiti/{ambito_code}/commenti", f"{pages}/commenti", form=place | text),
        Ask(
            "POST /ambiti/{ambito_code}/commenti/{thread}/chiusura",
            f"{pages}/commenti/{thread}/chiusura",
            form=text,
        ),
    ]
