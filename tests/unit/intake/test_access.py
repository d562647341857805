"""Who an organisation is, by the form of its identifier, and what a text may not hold."""

from __future__ import annotations

import pytest

from services.intake.domain.access import municipality_faults, own_municipality, owner_kind
from services.intake.domain.cases import personal_data_faults
from shared.events import OwnerKind


@pytest.mark.parametrize(
    ("organisation", "kind", "code"),
    [
        ("comune-019036", OwnerKind.MUNICIPALITY, "019036"),
        ("aler-bcm", OwnerKind.ALER, None),
        ("cooperativa-casa", OwnerKind.ACCREDITED_OPERATOR, None),
        ("comune-19036", OwnerKind.ACCREDITED_OPERATOR, None),
    ],
)
def test_an_owner_is_told_by_its_identifier(organisation: str, kind: OwnerKind, code: str | None) -> None:
    assert (owner_kind(organisation), own_municipality(organisation)) == (kind, code)


def test_of_an_ambito_whose_territory_is_not_installed_any_municipality_may_be_named() -> None:
    assert not list(municipality_faults("aler-bcm", "altrove", None, "015146", "/municipality"))
    assert list(municipality_faults("comune-019036", "altrove", None, "015146", "/municipality"))


@pytest.mark.parametrize(
    "text",
    [
        "CV-2026-007",
        "SIM-CASO-025",
        "019026.2026.000123",
        "Soluzione abitativa trovata in via Mantova 12, alloggio assegnato con avviso 2026-01",
        "ABCDEFLMALMZLMNZ",  # the form of a codice fiscale with a letter for every digit: as good as a word
        None,
        7,
    ],
)
def test_ordinary_references_and_reasons_are_no_personal_data(text: object) -> None:
    assert not list(personal_data_faults("/reason", text))
