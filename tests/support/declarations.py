"""Whatever an owner may declare, for properties of what carries it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shared.events import AccessMeasure, Disposal, DisposalKind, Programme, ProgrammeKind, Strategy

COUNTS, DAYS = st.integers(0, 1_000_000), st.dates(date(2017, 1, 1), date(2103, 12, 31))
EUROS = st.integers(0, 10_000_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
REFERENCES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
UNITS = st.integers(1, 100_000)


def some(one: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    """Not answered, none, or a few."""
    return st.none() | st.lists(one, max_size=most).map(tuple)


def listed(texts: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[Any]]:
    """The parts of the three-year data that are lists, with these texts in them."""
    return {
        "programmes": some(
            st.builds(
                Programme,
                programme_id=REFERENCES,
                kind=st.sampled_from(ProgrammeKind),
                units=UNITS,
                cost_eur=EUROS,
                expected_completion_on=DAYS,
                financed=st.booleans(),
            )
        ),
        "disposals": some(
            st.builds(
                Disposal,
                programme_id=REFERENCES,
                kind=st.sampled_from(DisposalKind),
                units=UNITS,
                expected_on=DAYS,
                expected_proceeds_eur=EUROS,
                act_reference=texts,
            )
        ),
        "measures": some(
            st.builds(AccessMeasure, name=texts, budget_eur=EUROS, households=COUNTS, rule_of_origin=texts)
        ),
        "strategies": some(
            st.builds(
                Strategy,
                objective=texts,
                figure=st.none() | texts,
                target=st.none() | st.integers(0, 999_999_999),
                deadline_on=st.none() | DAYS,
                responsible_office=st.none() | texts,
            )
        ),
        "services": some(texts),
        "criticalities": some(texts),
    }
