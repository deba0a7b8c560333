"""The steps of a network near other roads, in metres, and which of those roads run along them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.network.reading.crossings import metric_places, steps_of
from rescuesim.network.ways import Ways

__all__ = ["BaseSteps", "share_along"]

_NEVER_JOINED = ("motorway", "motorway_link")  # a village road beside one does not open into it


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSteps:
    """Steps of a network near other roads.

    Parameters
    ----------
    ways : Ways
    step : ndarray of int64, shape (n,)
        Entries of ``ways.at`` from which they lead on.
    start, end : ndarray of float64, shape (n, 2)
        Their places in projected metres.
    cuttable : ndarray of bool, shape (n,)
        Whether a road may be tied to them: no bridge and no tunnel.

    """

    ways: Ways
    step: NDArray[np.int64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    cuttable: NDArray[np.bool_]

    @classmethod
    def near(cls, ways: Ways, extra: Ways, crs: str, *, by_m: float) -> BaseSteps:
        """Return the steps in reach of the box about some roads; those of motorways are not among them."""
        wanted, place = metric_places(extra, crs=crs), metric_places(ways, crs=crs)
        low, high = wanted.min(axis=0) - by_m, wanted.max(axis=0) + by_m
        step = steps_of(ways)
        step = step[~np.isin(ways.road_class[ways.way_of[step]], _NEVER_JOINED)]
        start, end = place[ways.at[step]], place[ways.at[step + 1]]
        reach = ((np.maximum(start, end) >= low) & (np.minimum(start, end) <= high)).all(axis=1)
        way = ways.way_of[step[reach]]
        return cls(
            ways=ways,
            step=step[reach],
            start=start[reach],
            end=end[reach],
            cuttable=~(ways.bridge[way] | ways.tunnel[way]),
        )

    def lines(self, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Return some of the steps as lines."""
        return np.asarray(shapely.linestrings(np.stack([self.start[chosen], self.end[chosen]], axis=1)))


def share_along(base: BaseSteps, extra: Ways, crs: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what share of each road runs along the base, and whether it runs along one-way roads of it only.

    A place of a road lies along a step if it is near, the step has the same direction or the opposite one, and the
    place is beside it: what goes on beyond the end of a road continues that road. Two one-way
    roads of opposite directions are the two carriageways of one road, and neither is the other.
    """
    within_m = default("supplement.duplicate_m").number
    parallel = math.cos(math.radians(default("supplement.duplicate_angle").number))
    place, step = metric_places(extra, crs=crs), steps_of(extra)
    start, end = place[extra.at[step]], place[extra.at[step + 1]]
    length = np.hypot(*(end - start).T)
    # the middle of each piece, no longer than the tolerance, stands for it
    pieces = np.maximum(np.ceil(length / within_m), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(step)), pieces)
    along = (np.arange(len(piece)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5) / pieces[piece]
    points = start[piece] + along[:, None] * (end - start)[piece]
    tree = shapely.STRtree(base.lines(np.ones(len(base.step), dtype=np.bool_)))
    point, hit = tree.query(shapely.points(points), predicate="dwithin", distance=within_m)
    one, other = (end - start)[piece[point]], (base.end - base.start)[hit]
    long, inner = np.hypot(*other.T), (one * other).sum(axis=1)
    product = np.hypot(*one.T) * long
    same = (np.abs(inner) >= parallel * product) & (product > 0)
    foot_m = ((points[point] - base.start[hit]) * other).sum(axis=1) / np.where(long > 0, long, 1.0)
    past_m = default("supplement.node_m").number  # on the outer side of a bend no step has a foot
    same &= (foot_m >= -past_m) & (foot_m <= long + past_m)
    one_way = base.ways.oneway[base.ways.way_of[base.step[hit]]]
    same &= ~(one_way & extra.oneway[extra.way_of[step[piece[point]]]] & (inner < 0))
    covered = np.zeros(len(points), dtype=np.bool_)
    covered[point[same]] = True
    two_way = np.zeros(len(points), dtype=np.bool_)
    two_way[point[same & ~one_way]] = True
    way, metres = extra.way_of[step[piece]], (length / pieces)[piece]
    whole = np.bincount(way, metres, extra.n_ways)
    share = np.bincount(way, metres * covered, extra.n_ways) / np.where(whole > 0, whole, 1.0)
    return share, (share > 0) & (np.bincount(way, metres * two_way, extra.n_ways) == 0)
