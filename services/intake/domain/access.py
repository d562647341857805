"""Who may say what about where. The organisation is always that of who has signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from services.intake.domain.faults import Fault
from shared.events import OwnerKind
from shared.problem_texts import Text

_MUNICIPALITY = re.compile(r"comune-([0-9]{6})")


def own_municipality(organisation: str) -> str | None:
    """The ISTAT code a municipality speaks for: `019036` for `comune-019036`, None for who is no municipality."""
    match = _MUNICIPALITY.fullmatch(organisation)
    return match[1] if match else None


def owner_kind(organisation: str) -> OwnerKind:
    """Ente proprietario (R.R. 4/2017, art. 2), told by the form of the organisation's identifier."""
    if own_municipality(organisation):
        return OwnerKind.MUNICIPALITY
    return OwnerKind.ALER if organisation.startswith("aler-") else OwnerKind.ACCREDITED_OPERATOR


def municipality_faults(
    organisation: str, ambito: str, members: AbstractSet[str] | None, municipality: str, field: str
) -> Iterator[Fault]:
    """A municipality speaks only of itself, anybody of the ambito's `members` (None: a territory not installed)."""
    own = own_municipality(organisation)
    if own not in (None, municipality):
        yield Fault(
            "own-municipality",
            field,
            municipality,
            Text(
                f"{organisation} può trasmettere solo i dati del proprio Comune.",
                f"{organisation} may only send data of its own municipality.",
            ),
            Text(f"Indicare {own}.", f"Give {own}."),
        )
    elif members is not None and municipality not in members:
        yield Fault(
            "outside-ambito",
            field,
            municipality,
            Text(
                f"Il Comune {municipality} non fa parte dell’ambito {ambito}.",
                f"Municipality {municipality} is not part of ambito {ambito}.",
            ),
            Text("Controllare il codice ISTAT.", "Check the ISTAT code."),
        )
