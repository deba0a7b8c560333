"""Round trips of coordinates over all of China."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles_crs import bd09_of, gcj02_of

from rescuesim.network.coordinates.crs import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    check_positions,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    in_china_box,
    project,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from rescuesim.network.ways import great_circle_m

PLACE = st.tuples(st.floats(73, 135.1), st.floats(3, 53.6))
PLACES = st.lists(PLACE, max_size=40).map(lambda found: np.array(found, dtype=float).reshape(-1, 2).T)
ABROAD = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).filter(lambda place: not in_china_box(*place).any())
CENTIMETRE = 0.01


@given(places=PLACES)
def test_the_offsets_equal_the_public_formulas(places: np.ndarray) -> None:
    gcj02, bd09 = np.array(wgs84_to_gcj02(*places)), np.array(wgs84_to_bd09(*places))
    for at, place in enumerate(places.T.tolist()):
        assert np.abs(gcj02[:, at] - gcj02_of(*place)).max() < 1e-12
        assert np.abs(bd09[:, at] - bd09_of(*gcj02_of(*place))).max() < 1e-12


@pytest.mark.parametrize(
    ("to", "back"),
    [(wgs84_to_gcj02, gcj02_to_wgs84), (gcj02_to_bd09, bd09_to_gcj02), (wgs84_to_bd09, bd09_to_wgs84)],
)
@given(places=PLACES)
def test_there_and_back_is_the_same_place_to_a_centimetre(to, back, places: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    again = back(*to(*places))
    assert (great_circle_m(*places, *again) < CENTIMETRE).all()
    assert np.abs(np.array(again) - places).max(initial=0) < 1e-9
    # and the other way round: what an offset map shows is found again after the trip through WGS84
    assert (great_circle_m(*places, *to(*back(*places))) < CENTIMETRE).all()


@given(place=ABROAD)
def test_abroad_nothing_moves(place: tuple[float, float]) -> None:
    for move in (wgs84_to_gcj02, wgs84_to_bd09):
        assert [float(part) for part in move(*place)] == list(place)


@pytest.mark.parametrize(
    ("code", "west", "east"),
    [
        ("EPSG:4490", 73, 135.1),
        ("EPSG:4549", 117, 123),
        ("EPSG:4528", 117, 123),
        ("EPSG:3857", 73, 135.1),
        ("EPSG:32650", 113, 121),
        ("EPSG:2416 +towgs84=15.8,-154.4,-82.3", 117, 123),
    ],
)
@given(share=st.floats(0, 1), lat=st.floats(18.2, 53.5))
def test_a_place_in_a_declared_system_comes_back_and_is_no_fault(
    code: str, west: float, east: float, share: float, lat: float
) -> None:
    lon = np.array([west + share * (east - west)])
    x, y = project(lon, np.array([lat]), code.split(" ")[0])
    if "towgs84" not in code:
        assert great_circle_m(lon, np.array([lat]), *to_wgs84(x, y, code))[0] < CENTIMETRE
    found = check_positions(x, y, code)
    assert found.ok.all(), found.expected
    assert great_circle_m(lon, np.array([lat]), found.lon, found.lat)[0] < 1000
    if "4528" not in code and "4549" not in code:
        return
    # the same easting with and without its zone is never taken for the other
    other = "EPSG:4549" if "4528" in code else "EPSG:4528"
    assert not check_positions(x, y, other).ok.any()
    assert f"{code} fits" in check_positions(x, y, other).expected[0]
