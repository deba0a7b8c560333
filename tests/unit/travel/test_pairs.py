"""Pairs within a cutoff: the finite entries of the matrix, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from placed_points import places

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.travel import TravelTimePairs, TravelTimes, travel_time_pairs, travel_times
from rescuesim.travel.trips import row_blocks


@pytest.mark.parametrize("towards", ["demand", "sites"])
@pytest.mark.parametrize("engine", ["scipy", "bucket"])
def test_pairs_are_the_finite_entries_of_the_matrix(guixi: RoadNetwork, engine: str, towards: str) -> None:
    sites, demand = load_sites(places(guixi, 12, 1, "s")), load_demand(places(guixi, 90, 2, "d"))
    options = {"cutoff_s": 240.0, "towards": towards, "engine": engine}
    matrix = travel_times(guixi, sites, demand, **options)  # type: ignore[call-overload]
    pairs = travel_time_pairs(guixi, sites, demand, **options)  # type: ignore[arg-type]
    site, point = np.nonzero(matrix.ticks < UNREACHABLE)
    assert 0 < len(pairs) < matrix.ticks.size
    assert pairs.site.tolist() == site.tolist()
    assert pairs.point.tolist() == point.tolist()
    assert pairs.ticks.tolist() == matrix.ticks[site, point].tolist()
    assert (pairs.first.dtype, pairs.point.dtype, pairs.ticks.dtype) == (np.int64, np.int32, np.int32)
    assert (pairs.engine, pairs.cutoff_s, pairs.notes) == (engine, 240.0, ())
    again = pairs.to_times()
    assert np.array_equal(again.ticks, matrix.ticks)
    assert np.array_equal(again.reasons(), matrix.reasons())
    assert np.array_equal(TravelTimePairs.from_times(matrix).first, pairs.first)


def test_the_long_table_has_ids_and_seconds(guixi: RoadNetwork) -> None:
    sites, demand = load_sites(places(guixi, 4, 1, "s")), load_demand(places(guixi, 30, 2, "d"))
    pairs = travel_time_pairs(guixi, sites, demand, cutoff_s=600.0)
    table = pairs.to_frame()
    assert list(table.columns) == ["site", "point", "seconds"]
    wide = pairs.to_times().to_frame()
    assert len(table) == np.isfinite(wide.to_numpy()).sum()
    for row in table.sample(20, random_state=0).itertuples():
        assert wide.loc[str(row.site), str(row.point)] == row.seconds


def test_nobody_within_the_cutoff_is_an_empty_table(guixi: RoadNetwork) -> None:
    sites, demand = load_sites(places(guixi, 3, 1, "s")), load_demand(places(guixi, 5, 9, "d"))
    pairs = travel_time_pairs(guixi, sites, demand, cutoff_s=0)
    assert pairs.first.tolist() == [0] * 4
    assert len(pairs.to_frame()) == 0
    assert (pairs.to_times().ticks == UNREACHABLE).all()


def test_options_are_checked_as_for_the_matrix(town: RoadNetwork) -> None:
    sites, demand = load_sites(places(town, 1, 1, "s")), load_demand(places(town, 1, 2, "d"))
    for wrong in ({"cutoff_s": -1.0}, {"cutoff_s": math.nan}, {"cutoff_s": 1.0, "engine": "fast"}):
        with pytest.raises(InputError, match="expected"):
            travel_time_pairs(town, sites, demand, **wrong)  # type: ignore[arg-type]
    frames = {"sites": pd.DataFrame({"id": ["a"]}), "demand": pd.DataFrame({"id": ["x"]})}
    with pytest.raises(InputError, match="pairs are of seconds"):
        TravelTimePairs.from_times(TravelTimes.from_matrix([[1]], unit="m", **frames))
    pairs = TravelTimePairs.from_times(TravelTimes.from_matrix([[1]], **frames))
    with pytest.raises(InputError, match="NaN"):
        pairs.within(np.array([[math.nan]]))
    with pytest.raises(InputError, match="NaN"):
        pairs.to_times().within(np.array([[math.nan]]))


def test_blocks_cover_all_rows_once_whatever_the_shape() -> None:
    for shape in ((0, 5), (5, 0), (1, 10**9), (7, 10**6), (2000, 20_000)):
        rows = [row for block in row_blocks(*shape) for row in range(block.start, block.stop)]
        assert rows == list(range(shape[0]))


def test_a_matrix_of_no_points_or_no_sites_has_no_pairs() -> None:
    times = TravelTimes.from_matrix([[1.0]], sites=pd.DataFrame({"id": ["a"]}), demand=pd.DataFrame({"id": ["x"]}))
    none = replace(times, ticks=np.full((1, 1), UNREACHABLE, dtype=np.int32))
    assert len(TravelTimePairs.from_times(none)) == 0
