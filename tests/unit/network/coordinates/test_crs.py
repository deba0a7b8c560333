from __future__ import annotations

import numpy as np
import pytest
from oracles_crs import helmert
from pyproj import CRS, Transformer
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import check_crs, project, to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from rescuesim.network.ways import great_circle_m

KRASOVSKY = {"axis_m": 6378245.0, "flattening": 1 / 298.3}
IAG_1975 = {"axis_m": 6378140.0, "flattening": 1 / 298.257}
THREE = (15.8, -154.4, -82.3)
SEVEN = (11.9, -121.3, -62.7, 0.52, -0.31, 1.24, -2.17)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("wgs84", "EPSG:4326"),
        (" WGS-84 ", "EPSG:4326"),
        ("GCJ02", "gcj02"),
        ("gcj-02", "gcj02"),
        ("Bd09", "bd09"),
        ("epsg:4490", "EPSG:4490"),
        ("EPSG:4549", "EPSG:4549"),
        ("EPSG:2414 +towgs84=15.8, -154.4,-82.3", "EPSG:2414 +towgs84=15.8,-154.4,-82.3"),
    ],
)
def test_a_declaration_gets_one_spelling_which_checks_to_itself(given: str, code: str) -> None:
    assert check_crs(given) == code
    assert check_crs(code) == code


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("", "expected gcj02, bd09, wgs84 or an EPSG code"),
        ("amap", "expected gcj02"),
        ("EPSG:99", "expected gcj02"),
        ("EPSG:9999", "that exists"),
        ("EPSG:5773", "two horizontal"),
        ("EPSG:4979", "two horizontal"),
        ("gcj02 +towgs84=1,2,3", "takes none"),
        ("wgs84 +towgs84=1,2,3", "takes none"),
        ("EPSG:4490 +towgs84=1,2,3", "needs no shift"),
        ("EPSG:32650 +towgs84=1,2,3", "needs no shift"),
        ("EPSG:2414 +towgs84=", "3 or 7 numbers"),
        ("EPSG:2414 +towgs84=1,2", "3 or 7 numbers"),
        ("EPSG:2414 +towgs84=1,2,x", "3 or 7 numbers"),
        ("EPSG:2414 +towgs84=1,2,nan", "3 or 7 numbers"),
        ("EPSG:2414 +towgs84=1,2,inf", "3 or 7 numbers"),
        ("EPSG:2414 +towgs84=1,2,3,500,0,0,0", "3 or 7 numbers"),
        ("EPSG:2414 +proj=longlat", "expected gcj02"),
    ],
)
def test_a_declaration_that_is_none_is_refused(crs: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_crs(crs)


def test_a_declaration_must_be_text_and_a_shift_be_given_once() -> None:
    with pytest.raises(InputError, match="as text"):
        check_crs(4490)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="once"):
        check_crs("EPSG:2414 +towgs84=1,2,3", shift=THREE)


def test_every_system_of_beijing_1954_and_xian_1980_is_refused_without_a_shift_and_taken_with_one() -> None:
    wanted = ("Beijing 1954", "Xian 1980", "New Beijing")
    systems = [
        info
        for info in query_crs_info("EPSG", pj_types=[PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS])
        if info.name.split(" / ")[0] in wanted
    ]
    assert len(systems) > 100
    for info in systems:
        with pytest.raises(InputError, match="no public shift to WGS84"):
            check_crs(f"EPSG:{info.code}")
        assert check_crs(f"EPSG:{info.code}", shift=SEVEN).startswith(f"EPSG:{info.code} +towgs84=11.9,")


def test_a_datum_to_which_proj_knows_no_way_is_refused_too_but_hong_kong_is_taken() -> None:
    with pytest.raises(InputError, match="Taiwan Datum 1967"):
        check_crs("EPSG:3821")
    assert check_crs("EPSG:2326") == "EPSG:2326"


@pytest.mark.parametrize("shift", [THREE, SEVEN])
@pytest.mark.parametrize(("geographic", "projected", "ellipsoid"), [(4214, 2414, KRASOVSKY), (4610, 2362, IAG_1975)])
def test_a_shift_is_the_helmert_transformation_by_hand(
    shift: tuple[float, ...], geographic: int, projected: int, ellipsoid: dict[str, float]
) -> None:
    draw = np.random.default_rng(0)
    lon, lat = draw.uniform(112.5, 115.5, 50), draw.uniform(22, 45, 50)
    by_hand = np.array([helmert(x, y, shift, **ellipsoid) for x, y in zip(lon, lat, strict=True)]).T
    found = to_wgs84(lon, lat, f"EPSG:{geographic}", shift=shift)
    assert great_circle_m(*found, *by_hand).max() < 1e-3
    # the same places in the zone's eastings and northings: Gauss-Krueger keeps to the old ellipsoid
    old = CRS.from_epsg(projected)
    east, north = Transformer.from_crs(old.geodetic_crs, old, always_xy=True).transform(lon, lat)
    text = f"EPSG:{projected} +towgs84=" + ",".join(str(value) for value in shift)
    assert great_circle_m(*to_wgs84(east, north, text), *by_hand).max() < 1e-3
    assert great_circle_m(lon, lat, *by_hand).min() > 30  # and it is no small thing


@pytest.mark.parametrize("code", ["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:3857", "EPSG:32650", "EPSG:4498"])
def test_projecting_and_back_gives_the_same_place(code: str) -> None:
    draw = np.random.default_rng(3)
    lon, lat = draw.uniform(118.6, 119.9, 500), draw.uniform(20, 50, 500)
    again = to_wgs84(*project(lon, lat, code), code)
    assert great_circle_m(lon, lat, *again).max() < 1e-3


def test_cgcs2000_is_taken_as_wgs84() -> None:
    lon, lat = to_wgs84([119.3], [28.7], "EPSG:4490")
    assert great_circle_m(lon, lat, np.array([119.3]), np.array([28.7]))[0] < 0.01


def test_offset_systems_come_back_as_wgs84() -> None:
    lon, lat = np.array([119.3, 87.6]), np.array([28.7, 43.8])
    for name, move in (("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)):
        assert great_circle_m(lon, lat, *to_wgs84(*move(lon, lat), name)).max() < 1e-4
