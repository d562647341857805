"""Parts 1 and 2: single rows of the source by hand, sums by awk, the source's own density as a second opinion."""

from __future__ import annotations

import csv
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.domain.survey.households import ASSUMED, AverageHousehold, estimate_households
from services.planner.domain.survey.mentions import Mention, Topic, Voices, mentions_of
from services.planner.domain.survey.people import People, added, people_of, profile, survey_ambito
from shared.territory import ambito

CREMONESE = ambito("cremonese").municipalities
FOUND = survey_ambito(CREMONESE, ASSUMED)


def test_cremona_by_hand() -> None:
    cremona = FOUND.municipalities["019036"]
    # source row: 69,589 in 2011, 72,077 in 2018, 70,637 in 2023; 8,192 / 43,529 / 18,916 by age, 10,479 of 75 and
    # more; 70.4 km2
    assert cremona.long_trend == (2011, 2023, 1_048, Decimal("0.0151"))  # 1,048 / 69,589 = 0.01506
    assert cremona.recent_trend == (2018, 2023, -1_440, Decimal("-0.0200"))  # 1,440 / 72,077 = 0.01998
    assert cremona.density == Decimal("1003.4")  # 70,637 / 70.4 = 1,003.37
    assert cremona.old_age_index == Decimal("230.9")  # 18,916 / 8,192 = 2.3091
    assert cremona.dependency_index == Decimal("62.3")  # (8,192 + 18,916) / 43,529 = 0.62276
    assert cremona.share_75_plus == Decimal("0.1484")  # 10,479 / 70,637 = 0.14835
    assert cremona.households == (30_712, 32_108, 33_637)  # 70,637 / 2.3, 2.2, 2.1 = 30,711.7, 32,107.7, 33,636.7


def test_acquanegra_by_hand() -> None:
    acquanegra = FOUND.municipalities["019001"]
    # source row: 1,302 in 2011, 1,179 in 2018, 1,120 in 2023; 115 / 705 / 300 by age, 170 of 75 and more; 9.5 km2
    assert acquanegra.long_trend == (2011, 2023, -182, Decimal("-0.1398"))  # 182 / 1,302 = 0.13978
    assert acquanegra.recent_trend == (2018, 2023, -59, Decimal("-0.0500"))  # 59 / 1,179 = 0.05004
    assert acquanegra.density == Decimal("117.9")  # 1,120 / 9.5 = 117.89
    assert acquanegra.old_age_index == Decimal("260.9")  # 300 / 115
    assert acquanegra.dependency_index == Decimal("58.9")  # 415 / 705
    assert acquanegra.share_75_plus == Decimal("0.1518")  # 170 / 1,120
    assert acquanegra.households == (487, 509, 533)  # 486.96, 509.09, 533.33
    assert (acquanegra.people.female, acquanegra.people.male, acquanegra.people.registered) == (576, 544, 1_151)


def test_the_ambito_is_the_sum_of_its_municipalities() -> None:
    people = FOUND.ambito.people
    # awk over the columns of the source file
    assert people.by_year[0] == (2011, 159_167)
    assert people.by_year[-1] == (2023, 155_369)
    assert (people.age_0_14, people.age_15_64, people.age_65_plus) == (18_615, 96_166, 40_588)
    assert (people.female, people.male, people.registered) == (78_922, 76_447, 157_318)
    assert people.area_km2 == Decimal("865.50")
    assert FOUND.ambito.old_age_index == Decimal("218.0")  # 40,588 / 18,615 = 2.18039, no mean of the indices
    assert FOUND.ambito.density == Decimal("179.5")  # 155,369 / 865.50 = 179.51
    sums = [sum(column) for column in zip(*(p.households for p in FOUND.municipalities.values()), strict=True)]
    assert list(FOUND.ambito.households) == sums


def test_densities_are_those_of_the_source() -> None:
    rows = csv.DictReader((files("shared.territory") / "cremonese.csv").read_text("utf-8").splitlines())
    # the source rounded its floats: a tenth may differ where the exact value lies half way
    wrong = [
        row["name"]
        for row in rows
        if abs(FOUND.municipalities[row["istat_code"]].density - Decimal(row["density_2023"])) > Decimal("0.1")
    ]
    assert wrong == []


def test_any_order_of_municipalities_gives_the_same() -> None:
    assert survey_ambito(reversed(CREMONESE), ASSUMED) == FOUND


def test_sexes_and_ages_add_up() -> None:
    for found in (FOUND.ambito, *FOUND.municipalities.values()):
        people = found.people
        assert people.female + people.male == people.population
        assert people.age_0_14 + people.age_15_64 + people.age_65_plus == people.population


@given(st.integers(0, 2_000_000), st.lists(st.decimals(1, 6, places=2), min_size=3, max_size=3))
def test_smaller_households_are_more(residents: int, sizes: list[Decimal]) -> None:
    small, central, large = sorted(sizes)
    low, middle, high = estimate_households(residents, AverageHousehold(small, central, large, "assumed", ""))
    assert low <= middle <= high
    assert abs(middle - Decimal(residents) / central) <= Decimal("0.5")


@pytest.mark.parametrize("sizes", [("2.3", "2.2", "2.1"), ("0.9", "2", "3")])
def test_sizes_must_be_ordered_and_of_somebody(sizes: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="ordered and at least 1"):
        estimate_households(100, AverageHousehold(*map(Decimal, sizes), "assumed", ""))


def test_the_assumption_says_that_it_is_one() -> None:
    assert ASSUMED.status == "assumed"
    assert "2,3" in ASSUMED.reason  # the one number that was read: Lombardy at the census of 2011


def test_an_index_without_anybody_to_divide_by_is_none() -> None:
    old = People(((2018, 10), (2023, 10)), 6, 4, 0, 0, 10, 8, 10, Decimal("1.0"))
    found = profile(old, estimate_households(10, ASSUMED))
    assert (found.old_age_index, found.dependency_index, found.share_75_plus) == (None, None, Decimal("0.8000"))


def test_people_of_different_years_and_of_nobody_are_refused() -> None:
    acquanegra = people_of(CREMONESE[0])
    with pytest.raises(ValueError, match="different years"):
        added([acquanegra, acquanegra._replace(by_year=((2018, 1), (2023, 1)))])
    with pytest.raises(ValueError, match="nobody lives"):
        profile(acquanegra._replace(by_year=((2018, 0), (2023, 0))), estimate_households(0, ASSUMED))


def test_mentions_keep_their_words_and_their_source() -> None:
    submissions = [
        Voices("019036", "s2", ["Sportello casa", " "], ["Alloggi sfitti da recuperare"]),
        Voices("019001", "s1", ["sportello casa", "sportello casa"]),
    ]
    found = mentions_of(submissions)
    assert found == (
        Mention(Topic.CRITICALITY, "019036", "Alloggi sfitti da recuperare", "s2"),
        Mention(Topic.SERVICE, "019001", "sportello casa", "s1"),
        Mention(Topic.SERVICE, "019036", "Sportello casa", "s2"),
    )
    assert mentions_of(reversed(submissions)) == found
