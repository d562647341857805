"""Submissions on the wire: what was released keeps its meaning, and what owners may say comes back as it was said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.records import Record, decode, encode
from shared.events import (
    Confirmation,
    Envelope,
    HousingNeed,
    Message,
    OwnerKind,
    ProgrammeKind,
    SubmissionReceived,
    ThreeYearData,
    WorksKind,
    YearForecast,
)
from shared.events.contracts import GOLDEN, record_of
from shared.events.planning import HOUSEHOLD_SIZES
from tests.support.declarations import COUNTS, DAYS, listed, some

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
NEEDS = st.builds(
    HousingNeed,
    by_household_size=st.none() | st.tuples(*[COUNTS] * HOUSEHOLD_SIZES),
    **{name: st.none() | COUNTS for name in HousingNeed.model_fields if name != "by_household_size"},
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "forecast": some(
        st.builds(
            YearForecast,
            year=st.integers(2017, 2103),
            **{name: COUNTS for name in YearForecast.model_fields if name != "year"},
        )
    ),
    "need": st.none() | NEEDS,
    **listed(TEXTS),
    "confirmations": st.lists(
        st.builds(Confirmation, field=st.sampled_from(["/columns/turnover_expected", "/disposals"]), reason=TEXTS),
        max_size=3,
    ).map(tuple),
}
SUBMISSIONS = st.builds(
    SubmissionReceived,
    submission_id=st.uuids(),
    ambito=st.just("cremonese"),
    cycle_year=st.integers(2017, 2100),
    owner=st.just("comune-019036"),
    owner_kind=st.sampled_from(OwnerKind),
    municipality=st.from_regex(r"[0-9]{6}", fullmatch=True),
    revision=st.integers(1, 1000),
    nil=st.booleans(),
    columns=st.none(),
    received_on=DAYS,
    late=st.booleans(),
    **FIELDS,
)


def sent(event: SubmissionReceived) -> SubmissionReceived:
    identifier, at = UUID(int=7), datetime(2026, 10, 1, 9, tzinfo=UTC)
    envelope = Envelope(identifier, "urn:pianovivo:intake", at, "019036", "cremonese", identifier, None, event.owner)
    out = encode(Message(envelope, event))
    read = decode(Record(out.topic, 0, 0, 0, out.key, out.value, out.headers)).event
    assert isinstance(read, SubmissionReceived)
    return read


def test_every_part_has_a_strategy() -> None:
    assert FIELDS.keys() == ThreeYearData.model_fields.keys()


@given(SUBMISSIONS)
def test_a_submission_comes_back_as_it_was_sent(event: SubmissionReceived) -> None:
    read = sent(event)
    assert read == event
    assert read.write() == event.write()


def test_a_submission_of_the_first_release_answered_none_of_the_new_parts() -> None:
    was = json.loads((GOLDEN / "submission-received.v1.1.json").read_text("utf-8"))
    read = decode(record_of(was)).event
    assert isinstance(read, SubmissionReceived)
    assert {name for name in ThreeYearData.model_fields if getattr(read, name) is not None} == {"confirmations"}
    assert read.confirmations == ()
    assert read.columns is not None
    assert read.columns.assignable_total == 15


def test_a_reader_of_the_first_release_reads_what_is_written_now() -> None:
    """It ignores what it does not know: nothing that it knew has gone or changed its meaning."""
    was, now = (
        json.loads((GOLDEN / f"submission-received.v1.{edition}.json").read_text("utf-8"))["body"] for edition in (1, 2)
    )
    assert {name: now[name] for name in was} == was


def test_programmes_are_of_every_kind_of_works_or_a_purchase() -> None:
    assert {kind.value for kind in ProgrammeKind} == {kind.value for kind in WorksKind} | {"PURCHASE"}
