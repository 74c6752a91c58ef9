import pytest

from geocoder.domain import place
from geocoder.domain.place import Candidate, Place

PARIS = Candidate("Paris", "FR", None, 48.85341, 2.3488, 2_138_551)
NEUILLY = Candidate("Neuilly-sur-Seine", "FR", None, 48.8846, 2.26965, 61_300)
KEHL = Candidate("Kehl", "DE", None, 48.57297, 7.81523, 34_000)
STRASBOURG = Candidate("Strasbourg", "FR", None, 48.58392, 7.74553, 290_000)
HANOI = Candidate("Hanoi", "VN", None, 21.0245, 105.84117, 8_053_663)
STEWART = Candidate("Stewart", "CA", None, 55.9366, -129.98, 500)
PRISTINA = Candidate("Pristina", "XK", None, 42.67272, 21.16688, 550_000)


def test_a_degree_of_latitude_is_111_km() -> None:
    assert place.distance_m(0, 0, 1, 0) == pytest.approx(111_195, abs=1)


def test_distance_goes_over_the_antimeridian() -> None:
    assert place.distance_m(0, 179.5, 0, -179.5) == pytest.approx(111_195, abs=1)


def test_inside_a_big_city_its_suburb_does_not_win() -> None:
    found = place.choose(48.8584, 2.2945, [NEUILLY, PARIS], ["FR"])

    assert found.city == "Paris"


def test_a_town_across_the_border_does_not_win() -> None:
    found = place.choose(48.5735, 7.8010, [KEHL, STRASBOURG], ["FR"])

    assert (found.country_code, found.city) == ("FR", "Strasbourg")


def test_a_country_that_shares_the_zone_wins_where_the_zones_own_is_far() -> None:
    found = place.choose(21.03, 105.85, [HANOI], ["TH", "KH", "LA", "VN"])

    assert (found.country_code, found.city) == ("VN", "Hanoi")


def test_a_near_town_of_a_country_that_does_not_share_the_zone_changes_nothing() -> None:
    assert place.choose(55.92, -130.02, [STEWART], ["US"]) == Place("US")


def test_kosovo_is_told_from_serbia_by_its_places() -> None:
    assert place.choose(42.66, 21.16, [PRISTINA], ["RS"]).country_code == "XK"


def test_the_high_sea_has_no_country() -> None:
    assert place.choose(0, 0, [], []) == Place(None)


def test_zones_name_their_own_country_first() -> None:
    countries = place.zone_countries(
        "# comment\nTH\t+1345+10031\tAsia/Bangkok\n",
        "TH,KH,LA,VN\t+1345+10031\tAsia/Bangkok\tnorth Vietnam\n",
    )

    assert countries == {"Asia/Bangkok": ["TH", "TH", "KH", "LA", "VN"]}
