from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rescuesim._tables import TextTable
from rescuesim.demand import load_demand, read_demand
from rescuesim.errors import InputError
from rescuesim.network.coordinates.crs import check_positions, project, read_positions, wgs84_to_gcj02

N = 3_177_000.0


def table(lon: list[object], lat: list[object]) -> TextTable:
    frame = pd.DataFrame({"lon": [str(x) for x in lon], "lat": [str(y) for y in lat]}, index=range(2, 2 + len(lon)))
    return TextTable(frame=frame, label="demand.csv")


def numbers(lon: list[float], lat: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"lon": lon, "lat": lat}, index=range(2, 2 + len(lon)), dtype=float)


@pytest.mark.parametrize(
    ("crs", "x", "y", "column", "words"),
    [
        ("EPSG:4549", 40512345, N, "lon", "begin with zone 40: EPSG:4528 fits"),
        ("EPSG:4549", 39512345, N, "lon", "begin with zone 39: EPSG:4527 fits"),
        ("EPSG:4549", 20512345, N, "lon", "begin with zone 20: EPSG:4498 fits"),
        ("EPSG:4528", 512345, N, "lon", "which begin with 40; without it EPSG:4549 fits"),
        ("EPSG:4528", 39512345, N, "lon", "begin with zone 39: EPSG:4527 fits"),
        ("EPSG:4498", 512345, N, "lon", "which begin with 20; without it EPSG:4509 fits"),
        ("EPSG:4549", N, 512345, "lon, lat", "easting in lon and northing in lat; they look exchanged"),
        ("EPSG:4528", N, 40512345, "lon, lat", "they look exchanged"),
        ("EPSG:4549", N, 40512345, "lon", "EPSG:4528 fits; easting and northing look exchanged too"),
        ("EPSG:2385 +towgs84=1,2,3", 40512345, N, "lon", "begin with zone 40: EPSG:2364 fits"),
        ("EPSG:32650", 50512345, N, "lon", "begin with zone 50, which is to be taken off"),
        ("EPSG:32650", 39512345, N, "lon", "EPSG:4527, if they are CGCS2000, fits"),
        ("EPSG:32650", N, 512345, "lon, lat", "they look exchanged"),
        ("EPSG:4549", 119.3, 28.7, "lon, lat", "look like degrees"),
        ("EPSG:3857", 28.7, 119.3, "lon, lat", "look like degrees"),
        ("wgs84", 512345, N, "lon, lat", "look like metres of a projected system"),
        ("EPSG:4490", 40512345, N, "lon, lat", "begin with zone 40 like eastings: EPSG:4528 fits"),
        ("gcj02", N, 40512345, "lon, lat", "EPSG:4528, if they are CGCS2000, fits; lon and lat look exchanged too"),
        ("wgs84", 28.7, 119.3, "lat", "a place on Earth; lon and lat look exchanged"),
        ("EPSG:4490", 39.5, 75.9, "lon, lat", "lon and lat look exchanged"),
        ("gcj02", 39.5, 75.9, "lon, lat", "lon and lat look exchanged"),
        ("gcj02", -8.6, 41.1, "lon, lat", "in or near the area of gcj02"),
        ("EPSG:4490", -8.6, 41.1, "lon, lat", "in or near the area of EPSG:4490"),
        ("wgs84", 181, 41.1, "lon", "a place on Earth; check the declared crs"),
        ("wgs84", 0, 0, "lon, lat", "0, 0 is none"),
        ("EPSG:4549", 0, 0, "lon, lat", "0, 0 is none"),
        ("wgs84", np.nan, 28.7, "lon", "a finite number"),
        ("gcj02", 119.3, np.inf, "lat", "a finite number"),
        ("EPSG:4549", 1e12, 5, "lon", "a place on Earth; check the declared crs"),
        ("EPSG:2414 +towgs84=2900,-154,-82", 38512345, N, "lon, lat", "check its units"),
    ],
)
def test_a_position_that_cannot_be_is_said_with_what_it_looks_like(
    crs: str, x: float, y: float, column: str, words: str
) -> None:
    found = check_positions([x], [y], crs)
    assert not found.ok[0]
    assert found.column[0] == column
    assert words in found.expected[0]


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:4549", 512345, N),
        ("EPSG:4528", 40512345, N),
        ("EPSG:4549", 812345, N),  # the neighbour zone's county, kept in one system with the rest
        ("EPSG:2414 +towgs84=15.8,-154.4,-82.3", 38512345, N),
        ("wgs84", -51.2, -30.0),
        ("wgs84", 0.0, 51.5),
        ("gcj02", 119.3, 28.7),
        ("bd09", 75.9, 39.5),
        ("EPSG:3857", 13.3e6, 3.3e6),
        ("EPSG:32722", 480000, 6.68e6),  # Porto Alegre, south of the equator
        ("EPSG:2326", 836000, 820000),  # Hong Kong's own grid
    ],
)
def test_a_position_that_can_be_is_taken(crs: str, x: float, y: float) -> None:
    found = check_positions([x], [y], crs)
    assert found.ok[0], found.expected[0]
    assert found.expected[0] == found.column[0] == ""


def test_no_positions_are_no_faults() -> None:
    for crs in ("wgs84", "gcj02", "EPSG:4528", "EPSG:2414 +towgs84=1,2,3"):
        assert check_positions([], [], crs).ok.shape == (0,)


def test_each_wrong_row_has_its_fault_and_the_others_are_kept() -> None:
    lon, lat = [119.3, np.nan, 0.0, 28.7, 119.4, 181.0], [28.7, 28.7, 0.0, 119.3, 28.8, 28.0]
    frame, to_lon, to_lat, faults = read_positions(table(list(lon), list(lat)), numbers(lon, lat), "wgs84")
    assert frame.index.tolist() == [2, 6]
    assert (to_lon.tolist(), to_lat.tolist()) == ([119.3, 119.4], [28.7, 28.8])
    assert [(fault.row, fault.column) for fault in faults] == [(3, "lon"), (4, "lon, lat"), (5, "lat"), (7, "lon")]
    assert [fault.value for fault in faults] == ["nan", "0.0 0.0", "119.3", "181.0"]


def test_what_is_wrong_with_the_whole_table_is_said_once_and_what_is_wrong_with_a_row_stays() -> None:
    lon, lat = [40512345.0 + i for i in range(30)], [N] * 30
    lon[7], lat[9] = 0.0, np.nan
    lat[7] = 0.0
    frame, _, _, faults = read_positions(table(list(lon), list(lat)), numbers(lon, lat), "EPSG:4549")
    assert frame.empty
    assert len(faults) == 3
    assert "EPSG:4528 fits (so in 28 of 30 rows, this is the first)" in faults[0].expected
    assert [fault.row for fault in faults] == [2, 9, 11]


def test_the_same_villages_in_four_systems_are_the_same_places(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    lon, lat = draw.uniform(119, 119.6, 300), draw.uniform(28.4, 28.9, 300)
    ids = [f"v{i}" for i in range(300)]
    there = {
        "wgs84": (lon, lat),
        "gcj02": wgs84_to_gcj02(lon, lat),
        "EPSG:4549": project(lon, lat, "EPSG:4549"),
        "EPSG:4528": project(lon, lat, "EPSG:4528"),
    }
    for crs, (x, y) in there.items():
        path = tmp_path / "villages.csv"
        pd.DataFrame({"id": ids, "lon": x, "lat": y}).to_csv(path, index=False)
        demand = load_demand(path, crs=crs)
        assert np.allclose(demand.lon, lon, rtol=0, atol=1e-8)
        assert np.allclose(demand.lat, lat, rtol=0, atol=1e-8)


def test_a_table_whose_every_row_is_wrong_gives_no_points_and_one_message(tmp_path: Path) -> None:
    path = tmp_path / "villages.csv"
    pd.DataFrame({"id": range(5), "lon": 40512345 + np.arange(5), "lat": N}).to_csv(path, index=False)
    points, faults = read_demand(path, crs="EPSG:4549")
    assert points is None
    assert len(faults) == 1
    with pytest.raises(InputError, match="EPSG:4528 fits"):
        load_demand(path, crs="EPSG:4549")
