"""Territory: totals against column sums made with awk over the source file, single figures against its rows."""

from decimal import Decimal

import pytest

from shared.territory import (
    ATTRIBUTION,
    UnknownAmbitoError,
    UnknownMunicipalityError,
    ambito,
    boundaries,
    metres_of,
    municipality_organisation,
    organisation_name,
)

CREMONESE = ambito("cremonese")


def test_the_ambito_has_48_municipalities_led_by_cremona() -> None:
    assert len(CREMONESE.municipalities) == 48
    assert len({municipality.istat_code for municipality in CREMONESE.municipalities}) == 48
    assert CREMONESE.lead.name == "Cremona"


def test_cremona_has_the_figures_of_its_source_row() -> None:
    cremona = CREMONESE.municipality("019036")
    # source row, columns female_2023 and male_2023: 36,401 + 34,236 = 70,637 (pop_2023)
    assert cremona.population == cremona.female + cremona.male == 36_401 + 34_236
    assert cremona.registered_2024 == 71_350
    assert (cremona.age_0_14, cremona.age_15_64, cremona.age_65_plus) == (8_192, 43_529, 18_916)
    assert cremona.area_km2 == Decimal("70.4")
    assert cremona.population_history[0] == (2011, 69_589)
    assert cremona.population_history[-1] == (2023, cremona.population)


def test_ambito_totals_equal_the_sum_of_the_source_columns() -> None:
    # awk over the source file: pop_2023 155369 = female 78922 + male 76447; area_km2 865.50
    assert sum(m.population for m in CREMONESE.municipalities) == 155_369 == 78_922 + 76_447
    assert sum(m.area_km2 for m in CREMONESE.municipalities) == Decimal("865.50")


def test_age_bands_add_up_in_every_municipality() -> None:
    for municipality in CREMONESE.municipalities:
        assert municipality.age_0_14 + municipality.age_15_64 + municipality.age_65_plus == municipality.population
        assert municipality.age_75_plus <= municipality.age_65_plus


def test_every_municipality_has_a_boundary_and_no_other() -> None:
    features = boundaries("cremonese")["features"]
    codes = sorted(feature["properties"]["istat_code"] for feature in features)
    assert codes == [municipality.istat_code for municipality in CREMONESE.municipalities]


def test_the_ambito_is_read_once() -> None:
    assert ambito("cremonese") is CREMONESE


@pytest.mark.parametrize("code", ["mantova", "", "../cremonese"])
def test_an_unknown_ambito_names_the_known_ones(code: str) -> None:
    with pytest.raises(UnknownAmbitoError, match="known: cremonese"):
        ambito(code)
    with pytest.raises(UnknownAmbitoError):
        boundaries(code)


def test_a_municipality_of_another_ambito_is_refused() -> None:
    with pytest.raises(UnknownMunicipalityError, match="015146"):  # Milan
        CREMONESE.municipality("015146")


def test_organisation_of_a_municipality() -> None:
    assert municipality_organisation("019036") == "comune-019036"


@pytest.mark.parametrize("code", ["19036", "0190366", "01903a", "", "019036\n", "٠١٩٠٣٦"])
def test_a_malformed_istat_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        municipality_organisation(code)


def test_attribution_names_both_licences() -> None:
    assert "openpolis (CC BY 4.0)" in ATTRIBUTION
    assert "ISTAT (CC BY 3.0)" in ATTRIBUTION


def test_distances_between_centres_are_great_circles_to_the_metre() -> None:
    metres = metres_of("cremonese")
    assert len(metres) == 48 * 47
    assert all(metres[there, here] == distance > 0 for (here, there), distance in metres.items())
    # Cremona 45.13707 N 10.03297 E, Soresina 45.29098 N 9.85303 E; a degree is 111,195 m of the mean earth:
    # 0.15391 x 111,195 = 17,114 m north, 0.17994 x cos(45.214) x 111,195 = 14,096 m west, together 22,171 m.
    assert metres["019036", "019098"] == pytest.approx(22_171, abs=5)
    assert metres_of("altrove") == {}


def test_bodies_that_are_no_municipality_are_called_by_their_names() -> None:
    assert organisation_name("cremonese", "aler-bcm") == "ALER Brescia-Cremona-Mantova"
    assert organisation_name("cremonese", "comune-019036") == "Comune di Cremona"
    assert organisation_name("cremonese", "cooperativa-x") == "cooperativa-x"
