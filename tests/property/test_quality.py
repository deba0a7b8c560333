"""Every point has one primary reason, whatever the points are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rescuesim.demand import load_demand
from rescuesim.network import RoadNetwork
from rescuesim.quality import REASON_CODES, place_faults, quality_report, snap_points

POINT = st.fixed_dictionaries(
    {
        "lon": st.one_of(st.sampled_from([119.302, 119.304]), st.floats(119.28, 119.35), st.floats(-179, 179)),
        "lat": st.one_of(st.just(28.7), st.floats(28.68, 28.74), st.floats(-89, 89)),
        "name": st.sampled_from(["", "王家村", "李家村"]),
        "township": st.sampled_from(["", "甲镇", "乙镇"]),
        "people": st.sampled_from([0, 1, 250]),
    }
)


@settings(max_examples=60)
@given(rows=st.lists(POINT, min_size=1, max_size=25), limit_m=st.sampled_from([0.0, 100.0, 1000.0]))
def test_each_point_has_one_primary_reason_and_the_refused_ones_are_those_without_a_road(
    town: RoadNetwork, rows: list[dict[str, object]], limit_m: float
) -> None:
    frame = pd.DataFrame([{"id": str(at), **row} for at, row in enumerate(rows)])
    frame = frame[(frame["lon"] != 0) | (frame["lat"] != 0)]
    if frame.empty:
        return
    demand = load_demand(frame)
    report = quality_report(town, demand, snap_limit_m=limit_m)
    assert sum(report.counts.values()) == len(demand)
    for primary, held in zip(report.reasons, report.flags, strict=True):
        assert primary == next(code for code, has in zip(REASON_CODES, held, strict=True) if has)
        assert held[-1] == (not held[:-1].any())
    assert report.faults() == place_faults(town, demand, snap_limit_m=limit_m)
    lon, lat = np.asarray(demand.lon), np.asarray(demand.lat)
    snapped = snap_points(town, lon, lat, snap_limit_m=limit_m)
    assert len(report.faults()) == (~snapped.in_range).sum()
    assert np.array_equal(report.access_m, snapped.access_m)
    # what does not depend on the order of the rows comes out the same in any order
    back = quality_report(town, load_demand(frame[::-1]), snap_limit_m=limit_m)
    assert back.reasons == report.reasons[::-1]
