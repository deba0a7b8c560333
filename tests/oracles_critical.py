"""Critical roads the slow way: close each road, compute all times anew and look who is still covered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.network import NetworkStates, RoadNetwork
from rescuesim.siting import covered_points, pair_limits, site_mask
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes, travel_times


def lost_by_closing(
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    *,
    opened: Iterable[str],
    roads: Sequence[int],
) -> tuple[NDArray[np.bool_], dict[int, NDArray[np.bool_]]]:
    """Mark who is covered on intact roads, and who of them is not with each road closed whole and alone."""
    opened = list(opened)

    def covered(times: TravelTimes) -> NDArray[np.bool_]:
        return covered_points(pair_limits(times, standard=standard), site_mask(times, opened))

    states = NetworkStates.from_closures([{int(road)} for road in roads])
    ensemble = travel_times(network, sites, demand, states=states)
    intact = covered(ensemble.intact)
    lost = {int(road): intact & ~covered(ensemble[at]) for at, road in enumerate(roads)}
    return intact, lost


def check_rows(
    frame: pd.DataFrame,
    demand: DemandPoints,
    standard: ResponseStandard,
    intact: NDArray[np.bool_],
    lost: dict[int, NDArray[np.bool_]],
) -> None:
    """Compare every number of the rows of some roads with the points that closing them loses."""
    rows = frame.set_index("road")
    zones = np.array(demand.zones)
    total = math.fsum(demand.people[intact])
    for road, points in lost.items():
        row, people = rows.loc[road], math.fsum(demand.people[points])
        assert row["people_lost"] == people, road
        assert row["points_lost"] == points.sum(), road
        assert row["people_covered"] == total
        assert row["share_lost"] == (people / total if total > 0 else 0.0)
        for zone in standard.zones:
            assert row[f"people_lost_{zone}"] == math.fsum(demand.people[points & (zones == zone)]), (road, zone)
        some = np.flatnonzero(points)
        largest = some[np.argsort(-demand.people[some], kind="stable")][:5]
        assert row["most_people_lost"] == "、".join(demand.names[k] for k in largest)
