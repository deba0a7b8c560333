"""One question about service areas: the roads of a state, the sites on them, and what areas are put together from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.candidates import CandidateSites
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.road_network import limit_ticks
from rescuesim.network.vehicles.start_up import check_start_up, free_ticks_within, with_start_up_ticks
from rescuesim.quality import SnappedPoints, snap_points
from rescuesim.travel.from_network import check_closures
from rescuesim.travel.service_areas.area import ServiceArea
from rescuesim.travel.service_areas.arrivals import Arrivals
from rescuesim.travel.service_areas.cut import ReachedParts
from rescuesim.travel.service_areas.drivable import DrivableRoads, drivable_roads
from rescuesim.travel.service_areas.words import notes_of
from rescuesim.travel.times import Towards

__all__ = ["Reached", "Search", "of_group"]

Reached = tuple[ReachedParts, Arrivals, int, float]  # parts, nodes, free limit, metres of the longest way


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The roads, and the sites on them, of one question.

    Parameters
    ----------
    network : RoadNetwork
    sites : CandidateSites
    snap : SnappedPoints
        Of the sites.
    roads : DrivableRoads
    reasons : tuple of str, length n_sites
        Why a site cannot be left, or reached, at all; empty where it can.
    width_m, filled_hole_m2 : float
        As in `ServiceArea`.
    """

    network: RoadNetwork
    sites: CandidateSites
    snap: SnappedPoints
    roads: DrivableRoads
    reasons: tuple[str, ...]
    width_m: float
    filled_hole_m2: float

    @classmethod
    def of(
        cls,
        network: RoadNetwork,
        sites: CandidateSites,
        state: NetworkState | None,
        towards: Towards,
        snap_limit_m: float | None,
        width_m: float | None,
    ) -> Search:
        """Check what is asked for and put the sites on the roads."""
        check_start_up(network.start_up_s, network.launch_s)
        if towards not in ("demand", "sites"):
            raise InputError(f"towards {towards!r}: expected demand or sites")
        width = default("service_area.width_m").number if width_m is None else width_m
        if not 0 <= width < math.inf:
            raise InputError(f"width_m {width}: expected metres of 0 or more")
        if sites.lon is None or sites.lat is None:
            raise InputError("sites: expected lon and lat")
        if not (np.isfinite(sites.lon).all() and np.isfinite(sites.lat).all()):
            raise InputError("sites: expected finite degrees")
        if state is not None:
            check_closures(network, state)
        snap = snap_points(network, sites.lon, sites.lat, snap_limit_m=snap_limit_m)
        roads = drivable_roads(network, snap, state=state, towards=towards)
        closed = roads.graph.closed_points(state)[: len(sites)]
        unusable = state.unusable_sites if state is not None else frozenset()
        reasons = [
            "no_road" if road < 0 else "road_closed" if shut else "site_unusable" if id_ in unusable else ""
            for road, shut, id_ in zip(snap.road.tolist(), closed.tolist(), sites.ids, strict=True)
        ]
        return cls(
            network=network,
            sites=sites,
            snap=snap,
            roads=roads,
            reasons=tuple(reasons),
            width_m=width,
            filled_hole_m2=default("service_area.filled_hole_m2").number,
        )

    def free_limit(self, limit_s: float) -> int:
        """Turn a limit into free ticks; -1 for a negative one, which nothing keeps."""
        if limit_s < 0:
            return -1
        return free_ticks_within(int(limit_ticks(limit_s)), self.network.start_up_s, launch_s=self.network.launch_s)

    def area(
        self,
        sites: CandidateSites,
        rows: Iterable[int],
        limits_s: tuple[float, ...],
        reached: Sequence[Reached],
        *,
        second_unit: bool = False,
    ) -> ServiceArea:
        """Put the area of some of the sites together from what their groups reach."""
        at = np.array(list(rows), dtype=np.int64)
        ticks = np.full(self.roads.graph.n_nodes, np.iinfo(np.int64).max)
        left = np.full(self.roads.graph.n_nodes, -1, dtype=np.int64)
        for _, arrivals, limit, _ in reached:
            np.minimum.at(ticks, arrivals.node, arrivals.ticks)
            np.maximum.at(left, arrivals.node, limit - arrivals.ticks)
        node = np.flatnonzero(ticks[: self.network.n_nodes] < np.iinfo(np.int64).max)
        snap = SnappedPoints(
            road=self.snap.road[at],
            position_m=self.snap.position_m[at],
            access_m=self.snap.access_m[at],
            access_ticks=self.snap.access_ticks[at],
        )
        reasons = [
            "no_crew" if limit < 0 else reason or ("access_leg" if leg > self.free_limit(limit) else "")
            for limit, reason, leg in zip(
                limits_s, [self.reasons[row] for row in at], snap.access_ticks.tolist(), strict=True
            )
        ]
        return ServiceArea(
            network=self.network,
            sites=sites,
            limits_s=limits_s,
            towards=self.roads.towards,
            state=self.roads.state,
            site_snap=snap,
            reasons=tuple(reasons),
            parts=_joined([parts for parts, *_ in reached]),
            node=node.astype(np.int32),
            node_ticks=with_start_up_ticks(ticks[node], self.network.start_up_s, launch_s=self.network.launch_s),
            node_left=left[node],
            farthest_road_m=max((farthest for *_, farthest in reached), default=0.0),
            width_m=self.width_m,
            filled_hole_m2=self.filled_hole_m2,
            notes=notes_of(
                self.network,
                access_m=float(snap.access_m[0]) if len(at) == 1 and reasons[0] in ("", "access_leg") else None,
                width_m=self.width_m,
                filled_hole_m2=self.filled_hole_m2,
                second_unit=second_unit,
            ),
        )


def of_group(
    arrivals: Arrivals,
    cut: tuple[ReachedParts, NDArray[np.int64], NDArray[np.float64]],
    limit: NDArray[np.int64],
    group: int,
) -> Reached:
    """Take what one group reaches, and how far it drives."""
    parts, of_part, driven_m = cut
    begin, end = np.searchsorted(of_part, [group, group + 1])
    farthest_m = float(driven_m[begin:end].max(initial=0.0))
    return parts.take(np.arange(begin, end)), arrivals.of(group), int(limit[group]), farthest_m


def _joined(parts: Sequence[ReachedParts]) -> ReachedParts:
    columns: dict[str, Any] = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(ReachedParts)
    }
    return ReachedParts(**columns)
