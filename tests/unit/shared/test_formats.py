"""Italian writing of numbers and dates."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.formats import band, day, moment, number, percent, thousandths, written


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0, 0, "0"),
        (1_234, 0, "1.234"),
        (155_369, 0, "155.369"),
        (Decimal("1234.5"), 1, "1.234,5"),
        (Decimal("0.25"), 1, "0,3"),
        (Decimal("-0.04"), 1, "0,0"),
        (-7, 0, "\u22127"),
    ],
)
def test_number(value: int | Decimal, places: int, expected: str) -> None:
    assert number(value, places) == expected


@given(st.integers(-(10**12), 10**12))
def test_thousandths_with_three_places_loses_nothing(value: int) -> None:
    read_back = Decimal(thousandths(value, 3).replace(".", "").replace(",", ".").replace("\u2212", "-"))
    assert read_back * 1000 == value


def test_thousandths_shows_one_place() -> None:
    assert thousandths(12_300) == "12,3"
    assert thousandths(1_234_450) == "1.234,5"


def test_band() -> None:
    assert band((8_100, 12_400)) == "8,1\u201312,4"
    with pytest.raises(ValueError, match="from low to high"):
        band((12_400, 8_100))


def test_percent() -> None:
    assert percent(Decimal("0.2")) == "20%"
    assert percent(Decimal("0.035"), 1) == "3,5%"


def test_day() -> None:
    assert day(date(2026, 11, 23)) == "23 novembre 2026"
    assert day(date(2027, 1, 1)) == "1º gennaio 2027"


def test_an_instant_is_read_on_the_clock_of_rome() -> None:
    # Rome is one hour ahead of UTC in winter, two in summer: the day may change.
    assert moment(datetime(2026, 11, 23, 13, 5, tzinfo=UTC)) == "23 novembre 2026, ore 14:05"
    assert moment(datetime(2026, 7, 31, 22, 30, tzinfo=UTC)) == "1º agosto 2026, ore 00:30"
    assert day(datetime(2026, 7, 31, 22, 30, tzinfo=UTC)) == "1º agosto 2026"


def test_an_instant_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        day(datetime(2026, 7, 31, 22, 30))


def test_cell_is_written_by_the_kind_of_its_column() -> None:
    assert written(1_234, "number") == "1.234"
    assert written("Cremona", "text") == "Cremona"
