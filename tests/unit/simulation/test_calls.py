from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.demand import load_demand
from rescuesim.simulation import CallModel
from rescuesim.simulation.calls import DRAWS

YEAR_S = 365.25 * 86400.0


def points(**columns):
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(size)], "lon": 119.3, "lat": 28.7, **columns})
    return load_demand(frame)


def test_points_ring_at_their_own_rate_or_at_that_of_their_people():
    demand = points(people=[10_000, 20_000, 50_000], calls_per_year=[3_000.0, np.nan, 0.0])
    model = CallModel(per_10k_people_year=1_000.0)
    assert model.calls_per_year(demand).tolist() == [3_000.0, 2_000.0, 0.0]
    log = model.generate(demand, horizon_s=YEAR_S, seed=4)
    counts = np.bincount(log.point, minlength=3)
    assert abs(counts[0] - 3_000) < 4 * np.sqrt(3_000)
    assert abs(counts[1] - 2_000) < 4 * np.sqrt(2_000)
    assert counts[2] == 0


def test_the_number_of_calls_varies_as_a_poisson_number_does():
    demand = points(calls_per_year=[365.25 * 40])
    sizes = [len(CallModel().generate(demand, horizon_s=86400.0, seed=1, replication=r)) for r in range(400)]
    assert abs(np.mean(sizes) - 40) < 4 * np.sqrt(40 / 400)
    assert 0.75 < np.var(sizes) / 40 < 1.3


def test_the_share_by_day_is_kept_and_hours_are_uniform_inside_each_part():
    demand = points(calls_per_year=[365.25 * 2_000])
    log = CallModel(share_08_to_20_h=0.7).generate(demand, horizon_s=20 * 86400.0, seed=2)
    counts = np.bincount((log.arrived_at_s / 3600 % 24).astype(int), minlength=24)
    by_day = counts[8:20]
    assert abs(by_day.sum() / len(log) - 0.7) < 4 * np.sqrt(0.21 / len(log))
    for part, share in ((by_day, 0.7), (np.r_[counts[:8], counts[20:]], 0.3)):
        expected = len(log) * share / 12
        assert ((part - expected) ** 2 / expected).sum() < 35  # chi-square, 11 degrees: 0.0003


def test_a_part_of_a_day_has_its_part_of_the_calls():
    demand = points(calls_per_year=[365.25 * 1_000])
    morning = CallModel(share_08_to_20_h=0.7).generate(demand, horizon_s=14 * 3600.0, seed=3)
    expected = 1_000 * (0.3 * 8 / 12 + 0.7 * 6 / 12)
    assert abs(len(morning) - expected) < 4 * np.sqrt(expected)
    assert morning.arrived_at_s.max() < 14 * 3600.0


def test_the_types_keep_their_shares():
    demand = points(calls_per_year=[30_000.0])
    log = CallModel(type_shares={"fire": 0.25, "false": 0.75}).generate(demand, horizon_s=YEAR_S, seed=5)
    assert abs((log.type_code == 0).mean() - 0.25) < 4 * np.sqrt(0.1875 / len(log))
    minutes = [np.median(log.on_scene_s[log.type_code == code]) / 60 for code in (0, 1)]
    assert minutes == pytest.approx([75, 10], rel=0.05)


def test_replications_differ_and_each_can_be_drawn_again():
    demand = points(people=[100_000, 50_000])
    first, again, other = (
        CallModel().generate(demand, horizon_s=30 * 86400.0, seed=7, replication=number).to_frame()
        for number in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first, again)
    assert len(first) != len(other) or not first["arrived_at_s"].equals(other["arrived_at_s"])


def test_the_draws_of_a_call_are_independent_standard_normals():
    log = CallModel().generate(points(calls_per_year=[40_000.0]), horizon_s=YEAR_S, seed=8)
    draws = np.array([getattr(log, name) for name in DRAWS])
    assert np.abs(draws.mean(axis=1)).max() < 4 / np.sqrt(len(log))
    assert np.abs(np.corrcoef(draws) - np.eye(len(DRAWS))).max() < 4.5 / np.sqrt(len(log))


def test_a_log_as_a_table_names_points_and_types():
    log = CallModel().generate(points(people=[100_000, 50_000]), horizon_s=30 * 86400.0, seed=9)
    frame = log.to_frame()
    assert frame["demand_id"].tolist() == [log.demand_ids[point] for point in log.point]
    assert frame["type"].tolist() == [log.types[code] for code in log.type_code]
    assert frame["call"].tolist() == list(range(len(log)))
